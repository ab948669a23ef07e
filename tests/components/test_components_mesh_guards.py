"""Mesh controls at admission say what the packs say of the same object."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.admission import mesh_guards
from components.admission.guard import Guard
from components.mesh.names import GATEWAYS, SYSTEM
from tests.components.admission_requests import ISSUER, TENANT, bearing, refusing
from tests.policy_packs.control_pairs import found

PEERS: list[dict[str, Any]] = [
    {},
    {"mtls": {}},
    {"mtls": {"mode": "STRICT"}},
    {"mtls": {"mode": "UNSET"}},
    {"mtls": {"mode": "PERMISSIVE"}},
    {"mtls": {"mode": "DISABLE"}},
    {"portLevelMtls": {"80": {}}},
    {"portLevelMtls": {"80": {"mode": "STRICT"}, "81": {"mode": "DISABLE"}}},
]
CALLER = {"source": {"principals": ["cluster.local/ns/a/sa/b"]}}
TO = {"to": [{"operation": {"methods": ["GET"]}}]}
CLAIM = {"key": "request.auth.claims[roles]", "values": ["admin"]}
EXCEPT = {"key": "source.namespace", "notValues": ["team"]}
POLICIES: list[dict[str, Any]] = [
    {},
    {"rules": []},
    {"rules": [{}]},
    {"rules": [TO]},
    {"rules": [{"from": []}]},
    {"rules": [{"from": [CALLER]}]},
    {"rules": [{"from": [CALLER], **TO}, TO]},
    {"rules": [{"from": [CALLER, {}]}]},
    {"rules": [{"from": [{"source": {"principals": []}}]}]},
    {"rules": [{"from": [{"source": {"notPrincipals": ["a"]}}]}]},
    {"rules": [{"from": [{"source": {"principals": ["*"]}}]}]},
    {"rules": [{"from": [{"source": {"requestPrincipals": ["a", "*"]}}]}]},
    {"rules": [{"from": [{"source": {"namespaces": ["*"]}}]}]},
    {"rules": [{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]}]},
    {"rules": [{"when": [CLAIM]}]},
    {"rules": [{"when": [{**CLAIM, "values": ["*"]}]}]},
    {"rules": [{"when": [{**CLAIM, "values": []}]}]},
    {"rules": [{"when": [EXCEPT]}]},
    {"rules": [{"when": [EXCEPT, CLAIM]}]},
    {"rules": [{"when": [{**EXCEPT, "values": ["x"]}]}]},
    {"rules": [{"from": [CALLER], "when": [EXCEPT]}]},
    {"rules": [{"when": [{"key": "request.headers[x]", "values": ["*"]}]}]},
    {"rules": [{"from": [CALLER], "when": [{"key": "source.ip", "values": ["*"]}]}]},
    {"action": "ALLOW", "rules": [TO]},
    {"action": "AUDIT", "rules": [TO]},
    {"action": "DENY", "rules": [{"from": [CALLER]}]},
    {"action": "DENY", "rules": [{"to": [{"operation": {"notPaths": ["/a"]}}]}]},
    {"action": "DENY", "rules": [{"to": [{"operation": {"notPaths": ["/a"], "notMethods": ["GET"]}}]}]},
    {"action": "DENY", "rules": [{"to": [{"operation": {"notPaths": ["/a"], "methods": ["GET"]}}]}]},
]
META: list[dict[str, Any]] = [
    {},
    {"labels": {"app": "web"}, "annotations": {"note": "x"}},
    {"labels": {"sidecar.istio.io/inject": "false"}},
    {"labels": {"sidecar.istio.io/inject": "true"}},
    {"annotations": {"sidecar.istio.io/inject": "false"}},
    {"labels": {"istio.io/dataplane-mode": "none"}},
    {"labels": {"istio.io/dataplane-mode": "ambient"}},
    {"annotations": {"sidecar.istio.io/proxyImage": "x"}},
    {"annotations": {"sidecar.istio.io/bootstrapOverride": "x"}},
    {"annotations": {"sidecar.istio.io/interceptionMode": "TPROXY"}},
    {"annotations": {"traffic.sidecar.istio.io/excludeInboundPorts": "8080"}},
    {"annotations": {"traffic.sidecar.istio.io/excludeOutboundIPRanges": "0.0.0.0/0"}},
    {"annotations": {"traffic.sidecar.istio.io/includeOutboundPorts": "*"}},
]
INJECTED = {
    "sidecar.istio.io/interceptionMode": "REDIRECT",
    "traffic.sidecar.istio.io/includeOutboundIPRanges": "*",
    "traffic.sidecar.istio.io/includeInboundPorts": "*",
    "traffic.sidecar.istio.io/excludeInboundPorts": "15020",
}
"""What Istio's template writes into a pod where its node agent redirects traffic."""


def istio(kind: str, spec: object, namespace: str = "team", name: str = "one") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "security.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def pod(metadata: dict[str, Any], namespace: str = "team") -> dict[str, Any]:
    described = {"name": "app", "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": described, "spec": {"containers": []}}


def refused(manifest: dict[str, Any], *guards: Guard) -> bool:
    return bool(refusing(manifest, guards))


@pytest.mark.parametrize("spec", PEERS, ids=str)
def test_ms_01_is_judged_as_the_pack_does(spec: dict[str, Any]) -> None:
    manifest = istio("PeerAuthentication", spec)
    assert refused(manifest, mesh_guards.STRICT) is bool(found("MS-01", yaml.safe_dump(manifest)))


@pytest.mark.parametrize("spec", POLICIES, ids=str)
@pytest.mark.parametrize("namespace", ["team", GATEWAYS])
def test_ms_03_is_judged_as_the_pack_does(spec: dict[str, Any], namespace: str) -> None:
    manifest = istio("AuthorizationPolicy", spec, namespace)
    judged = refused(manifest, mesh_guards.ALLOW, mesh_guards.DENY)
    assert judged is bool(found("MS-03", yaml.safe_dump(manifest)))


@pytest.mark.parametrize("metadata", META, ids=str)
def test_ms_07_is_judged_as_the_pack_does(metadata: dict[str, Any]) -> None:
    for manifest in bearing(pod(metadata)):
        broken = bool(found("MS-07", yaml.safe_dump(manifest)))
        assert refused(manifest, mesh_guards.MEMBER_PODS) is broken, manifest["kind"]


def test_what_injection_writes_into_a_pod_passes_there_and_in_no_template() -> None:
    injected, *templates = bearing(pod({"annotations": INJECTED}))
    assert not refused(injected, mesh_guards.MEMBER_PODS)
    assert all(refused(one, mesh_guards.MEMBER_PODS) for one in templates)


def test_pods_outside_of_the_mesh_are_nothing_to_it() -> None:
    manifest = pod({"labels": {"sidecar.istio.io/inject": "false"}}, GATEWAYS)
    assert refusing(manifest, [mesh_guards.MEMBER_PODS], labels={}) == set()


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, True),
        ({"istio.io/rev": None}, False),
        ({"istio.io/rev": ""}, False),
        ({"istio-injection": "enabled"}, False),
        ({"istio-injection": "disabled"}, True),
        ({"istio.io/dataplane-mode": "ambient"}, False),
        ({"istio.io/rev": None, "istio-injection": "enabled"}, True),
    ],
)
def test_a_tenants_namespace_has_one_label_of_the_mesh(change: dict[str, Any], right: bool) -> None:
    labels = {key: value for key, value in {**TENANT, **change}.items() if value is not None}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": labels}}
    assert refused(manifest, mesh_guards.MEMBER_NAMESPACES) is not right
    assert bool(found("MS-07", yaml.safe_dump(manifest))) is not right


@pytest.mark.parametrize(
    ("name", "spec", "right"),
    [
        ("default", {"mtls": {"mode": "STRICT"}}, True),
        ("default", {"mtls": {"mode": "UNSET"}}, False),
        ("default", {}, False),
        ("other", {"mtls": {"mode": "STRICT"}}, False),
        ("other", {"selector": {"matchLabels": {"app": "istiod"}}}, True),
    ],
)
def test_ms_02_the_meshs_own_mode_stays_strict(name: str, spec: dict[str, Any], right: bool) -> None:
    guard = mesh_guards.WHOLE_MESH
    assert refused(istio("PeerAuthentication", spec, SYSTEM, name), guard) is not right
    assert not refused(istio("PeerAuthentication", spec, "team", name), guard)


@pytest.mark.parametrize(
    ("spec", "right"),
    [
        ({}, True),
        ({"action": "ALLOW"}, True),
        ({"action": "DENY"}, False),
        ({"rules": [{"from": [CALLER]}]}, False),
        ({"selector": {"matchLabels": {"app": "web"}}}, False),
        ({"targetRefs": [{"kind": "Service", "name": "web"}]}, False),
    ],
)
def test_ms_02_a_namespaces_default_stays_empty(spec: dict[str, Any], right: bool) -> None:
    guard = mesh_guards.ALLOW_NOTHING
    assert refused(istio("AuthorizationPolicy", spec, name="allow-nothing"), guard) is not right
    assert not refused(istio("AuthorizationPolicy", spec, name="callers"), guard)


@pytest.mark.parametrize(
    ("rule", "right"),
    [
        ({"issuer": ISSUER}, True),
        ({"issuer": ISSUER, "jwksUri": f"{ISSUER}/protocol/openid-connect/certs"}, True),
        ({"issuer": ISSUER, "jwks": "{}"}, False),
        ({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/protocol/openid-connect/certs"}, False),
        ({}, False),
        ({"issuer": ISSUER.replace("https", "http")}, False),
        ({"issuer": f"{ISSUER}x"}, False),
        ({"issuer": ISSUER, "jwksUri": f"{ISSUER}x/certs"}, False),
        ({"issuer": ISSUER, "jwksUri": "https://keys.example.org"}, False),
    ],
)
def test_ms_05_tokens_are_the_realms(rule: dict[str, Any], right: bool) -> None:
    guard = mesh_guards.tokens(ISSUER)
    assert refused(istio("RequestAuthentication", {"jwtRules": [rule]}), guard) is not right
    assert not refused(istio("RequestAuthentication", {}), guard)
