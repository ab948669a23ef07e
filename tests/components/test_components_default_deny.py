from __future__ import annotations

from components.isolation.default_deny import allow_dns, cilium_allow_dns, cilium_deny_all, deny_all
from components.manifest import NamespaceRef

TEAM = NamespaceRef(name="team", ready="team")


def test_the_network_policy_selects_every_pod_and_allows_nothing_either_way() -> None:
    assert deny_all(TEAM)["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_cilium_policy_has_one_empty_rule_per_direction() -> None:
    """Cilium ignores an omitted or empty list: a policy with `ingress: []` denies nothing."""
    spec = cilium_deny_all(TEAM)["spec"]
    assert spec["endpointSelector"] == {}
    assert spec["ingress"] == [{}]
    assert spec["egress"] == [{}]
    assert spec["enableDefaultDeny"] == {"ingress": True, "egress": True}


def test_dns_is_the_only_way_out_and_there_is_no_way_in() -> None:
    plain, cilium = allow_dns(TEAM)["spec"], cilium_allow_dns(TEAM)["spec"]
    assert "ingress" not in plain
    assert "ingress" not in cilium
    assert [port["port"] for rule in plain["egress"] for port in rule["ports"]] == [53, 53]
    assert [
        port["port"] for rule in cilium["egress"] for entry in rule["toPorts"] for port in entry["ports"]
    ] == ["53"]


def test_no_rule_names_an_address_block_or_a_cilium_entity() -> None:
    """So the metadata address, the node and the internet stay unreachable."""
    for manifest in (deny_all(TEAM), allow_dns(TEAM), cilium_deny_all(TEAM), cilium_allow_dns(TEAM)):
        text = repr(manifest)
        assert not [word for word in ("ipBlock", "CIDR", "ntities") if word in text]


def test_all_policies_live_in_the_given_namespace() -> None:
    manifests = (deny_all(TEAM), allow_dns(TEAM), cilium_deny_all(TEAM), cilium_allow_dns(TEAM))
    assert {manifest["metadata"]["namespace"] for manifest in manifests} == {"team"}
