"""NW-03. Source: kubescape C-0301; Kubernetes API, NetworkPolicyPeer."""

from __future__ import annotations

from collections.abc import Iterator

from controls.addresses import network
from controls.control import Control, Severity
from controls.fields import Fields, seen
from controls.item import Item
from controls.network.policies import NETWORK_POLICY, applies
from controls.selectors import is_empty
from controls.settings import Settings

_PEERS = {"ingress": "from", "egress": "to"}


def check(item: Item, _: Settings) -> Iterator[str]:
    for direction in applies(item.spec):
        for index, rule in enumerate(item.spec.entries(direction)):
            where = f"spec.{direction}[{index}]"
            peers = rule.entries(_PEERS[direction])
            if rule.unproved:
                yield f"{where} {rule.unproved.value}; write its peers out"
            elif not peers:
                yield f"{where} names no peer in {_PEERS[direction]}, so everybody is one; name the peers"
            for number, peer in enumerate(peers):
                for fault in _faults(peer):
                    yield f"{where}.{_PEERS[direction]}[{number}] {fault}"


def _faults(peer: Fields) -> Iterator[str]:
    if peer.unproved:
        yield f"{peer.unproved.value}; write it out"
        return
    block, namespaces, pods = (peer.value(key) for key in ("ipBlock", "namespaceSelector", "podSelector"))
    if block is None and namespaces is None and pods is None:
        yield "is empty, so everybody is meant; name a peer"
    if block is not None and everywhere(cidr := peer.section("ipBlock").value("cidr")) is not False:
        detail = "is every address" if everywhere(cidr) else seen(cidr)
        yield f"ipBlock.cidr {detail}; name the range that is meant"
    selectors = (peer.section("namespaceSelector"), peer.section("podSelector"))
    if namespaces is not None and all(map(is_empty, selectors)):
        yield "takes every pod of every namespace; select namespaces by their labels"


def everywhere(cidr: object) -> bool | None:
    """Whether a CIDR holds every address of its family; None for what is none."""
    found = network(cidr)
    return None if found is None else found.prefixlen == 0


BAD = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: team}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]
"""

GOOD = BAD.replace("{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}", "{cidr: 192.0.2.0/24}")

CONTROL = Control(
    id="NW-03",
    title="No NetworkPolicy rule without peers, no peer of 0.0.0.0/0 or ::/0, no empty namespaceSelector alone",
    severity=Severity.HIGH,
    anchors=("C-0301", "NSA/CISA"),
    why="A rule without peers allows everybody, which is easy to write when a field is left out.",
    fix="Name every peer by labels, or by a range that is no larger than what is meant.",
    bad=BAD,
    good=GOOD,
    kinds=(NETWORK_POLICY,),
    check=check,
)
