from __future__ import annotations

import ipaddress

import pulumi
from pulumi_kubernetes import Provider

from components.network.cluster_policies import ClusterPolicies, ClusterPoliciesArgs, no_metadata
from tests.recorder import run

SPEC = no_metadata({"team": "platform"})["spec"]


def test_no_pod_reaches_the_address_that_gives_a_nodes_credentials() -> None:
    assert SPEC["endpointSelector"] == {}, "every pod of every namespace"
    blocked = [ipaddress.ip_network(one) for rule in SPEC["egressDeny"] for one in rule["toCIDR"]]
    for address in ("169.254.169.254", "fd00:ec2::254"):
        assert any(ipaddress.ip_address(address) in one for one in blocked)


def test_it_is_a_refusal_since_an_allowance_by_name_could_lead_there() -> None:
    assert not {key for key in SPEC if key in {"egress", "ingress", "ingressDeny"}}


def test_nothing_else_is_refused_by_it() -> None:
    """Pods of the system have no policies of their own: a default deny would cut off DNS."""
    assert SPEC["enableDefaultDeny"] == {"ingress": False, "egress": False}
    widest = [ipaddress.ip_network(one) for rule in SPEC["egressDeny"] for one in rule["toCIDR"]]
    assert all(one.num_addresses == 1 for one in widest)


def test_it_says_who_pays() -> None:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(provider=provider)
        ClusterPolicies("east-policies", ClusterPoliciesArgs(labels={"team": "platform"}), opts)

    found = run(program)
    assert found.misnamed() == []
    assert [one.inputs["metadata"]["labels"] for one in found.kubernetes] == [{"team": "platform"}]
