from __future__ import annotations

from typing import Any

import pytest

from components.manifest import NamespaceRef
from components.network.traffic import Served, egress_policy, ingress_policy

PLATFORM, DEV, TRAINING = (NamespaceRef(name=name, ready=name) for name in ("platform", "dev", "training"))
SERVED = Served(app="tracker", server=PLATFORM, port=8080, clients=(DEV, TRAINING))


def allowed(served: Served) -> set[tuple[str, str]]:
    """The (client, server) namespaces that a connection can pass, read from both sides' policies."""
    return {
        (client.name, served.server.name)
        for client in served.clients
        if lets_out(egress_policy(served, client)["spec"], served) and lets_in(served, client)
    }


def lets_out(spec: dict[str, Any], served: Served) -> bool:
    (rule,) = spec["egress"]
    (peer,) = rule["to"]
    return bool(
        spec["podSelector"] == {}
        and peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": served.server.name}
        and peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": served.app}
        and rule["ports"] == [{"port": served.port, "protocol": "TCP"}]
    )


def lets_in(served: Served, client: NamespaceRef) -> bool:
    spec = ingress_policy(served)["spec"]
    (rule,) = spec["ingress"]
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": client.name}}}
    return bool(
        spec["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": served.app}
        and peer in rule["from"]
        and rule["ports"] == [{"port": served.port, "protocol": "TCP"}]
    )


def test_both_sides_allow_exactly_the_declared_clients() -> None:
    assert allowed(SERVED) == {("dev", "platform"), ("training", "platform")}
    assert len(ingress_policy(SERVED)["spec"]["ingress"][0]["from"]) == 2


def test_each_policy_lives_on_its_own_side() -> None:
    assert ingress_policy(SERVED)["metadata"]["namespace"] == "platform"
    assert [egress_policy(SERVED, client)["metadata"]["namespace"] for client in SERVED.clients] == [
        "dev",
        "training",
    ]


def test_without_clients_nobody_gets_in() -> None:
    """A rule with an empty `from` would let everybody in; there must be no rule at all."""
    spec = ingress_policy(Served(app="tracker", server=PLATFORM, port=8080, clients=()))["spec"]
    assert "ingress" not in spec
    assert spec["policyTypes"] == ["Ingress"]


def test_a_namespace_that_is_not_served_gets_no_way_out() -> None:
    stranger = NamespaceRef(name="serving", ready="serving")
    with pytest.raises(ValueError, match="tracker does not serve serving"):
        egress_policy(SERVED, stranger)


def test_each_side_opens_its_own_direction_only() -> None:
    assert ingress_policy(SERVED)["spec"]["policyTypes"] == ["Ingress"]
    assert egress_policy(SERVED, DEV)["spec"]["policyTypes"] == ["Egress"]
