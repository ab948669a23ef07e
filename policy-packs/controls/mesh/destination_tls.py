"""MS-06. Sources: Istio, ClientTLSSettings; IST0128 and IST0129 (no verification of the server).

A sidecar takes `credentialName` only from a DestinationRule that has a workloadSelector; a gateway takes it always.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, seen
from controls.item import Item
from controls.mesh.names import DESTINATION_RULE
from controls.settings import Settings

_VERIFYING: Final = ("SIMPLE", "MUTUAL")
_MODES: Final = (None, "ISTIO_MUTUAL", *_VERIFYING)


def check(item: Item, settings: Settings) -> Iterator[str]:
    named = item.spec.value("workloadSelector") is not None or item.namespace in settings.gateway_namespaces
    sources = ("caCertificates", "credentialName") if named else ("caCertificates",)
    for where, tls in _settings(item.spec):
        mode, insecure = tls.value("mode"), tls.value("insecureSkipVerify")
        if isinstance(mode, Unproved) or mode not in _MODES:
            yield f"{where}.mode {'is DISABLE' if mode == 'DISABLE' else seen(mode)}; use ISTIO_MUTUAL"
        if insecure not in (None, False):
            yield f"{where}.insecureSkipVerify {seen(insecure)}; remove it"
        if mode in _VERIFYING and not any(tls.value(key) for key in sources):
            yield f"{where} names no CA, so any server is believed; set {' or '.join(sources)}"


def _settings(spec: Fields) -> Iterator[tuple[str, Fields]]:
    policies = [("spec.trafficPolicy", spec.section("trafficPolicy"))]
    for index, subset in enumerate(spec.entries("subsets")):
        policies.append((f"spec.subsets[{index}].trafficPolicy", subset.section("trafficPolicy")))
    for where, policy in policies:
        if policy.value("tls") is not None:
            yield f"{where}.tls", policy.section("tls")
        for index, port in enumerate(policy.entries("portLevelSettings")):
            if port.value("tls") is not None:
                yield f"{where}.portLevelSettings[{index}].tls", port.section("tls")


BAD = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: database, namespace: team}
spec:
  host: database.example.com
  trafficPolicy: {tls: {mode: SIMPLE}}
"""

GOOD = BAD.replace("{mode: SIMPLE}", "{mode: SIMPLE, caCertificates: /etc/certs/ca.pem}")

CONTROL = Control(
    id="MS-06",
    title="DestinationRule TLS never DISABLE and never insecureSkipVerify; SIMPLE and MUTUAL name a CA",
    severity=Severity.HIGH,
    anchors=("IST0128", "IST0129", "Kyverno enforce-tls-hosts"),
    why="Without a CA, Envoy takes whatever certificate the other side shows.",
    fix="Use ISTIO_MUTUAL in the mesh; outside of it name the CA.",
    bad=BAD,
    good=GOOD,
    kinds=(DESTINATION_RULE,),
    check=check,
)
