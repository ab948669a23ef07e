from __future__ import annotations

from components.isolation.default_deny import deny_all
from components.manifest import NamespaceRef
from components.mesh.allow_nothing import allow_nothing
from components.mesh.reachability import Pod, Way, reach
from components.mesh.served_access import allow_callers
from components.network.fqdn_egress import Destination, fqdn_egress
from components.network.traffic import Served, egress_policy, ingress_policy

A, B, C = (NamespaceRef(name=name, ready=name) for name in ("a", "b", "c"))
SERVED = Served(app="db", server=B, port=5432, clients=(A, C))
PODS = [Pod(namespace=one, app=app) for one in ("a", "b", "c") for app in ("*", "job", "db")]
CLOSED = [deny_all(one) for one in (A, B, C)]


def way(client: str, server: str, port: str, mesh: str = "plain") -> Way:
    return Way(client=client, server=server, port=port, mesh=mesh)


def test_where_all_is_denied_nothing_passes() -> None:
    found = reach(CLOSED, PODS)
    assert not found.inside | found.outside | found.halves


def test_a_connection_needs_both_ends() -> None:
    both = [*CLOSED, ingress_policy(SERVED), egress_policy(SERVED, A)]
    found = reach(both, PODS)
    assert found.inside == {way(f"a/{app}", "b/db", "5432") for app in ("*", "job", "db")}
    assert found.halves == {way(f"c/{app}", "b/db", "5432", "") for app in ("job", "db")}


def test_what_one_policy_forgets_another_one_may_still_allow() -> None:
    """Policies add up: one with fewer clients takes nothing away."""
    fewer = Served(app="db", server=B, port=5432, clients=(A,))
    ends = [ingress_policy(fewer), ingress_policy(SERVED), egress_policy(SERVED, C)]
    assert way("c/job", "b/db", "5432") in reach([*CLOSED, *ends], PODS).inside


def test_the_mesh_has_its_own_say_on_what_passes() -> None:
    meshed = [Pod(namespace=one.namespace, app=one.app, meshed=True) for one in PODS]
    ends = [ingress_policy(SERVED), egress_policy(SERVED, A), egress_policy(SERVED, C)]
    allowed = allow_callers("db", {5432: ["td/ns/a/sa/job"]}, B)
    found = reach([*CLOSED, *ends, allow_nothing(B), allowed], meshed).inside
    assert way("a/job", "b/db", "5432", "identity") in found
    assert way("c/job", "b/db", "5432", "refused") in found


def test_what_is_outside_is_listed_by_itself() -> None:
    outside = fqdn_egress("job", A, (Destination(hosts=("s3.example.com",), port=443),))
    found = reach([*CLOSED, outside], PODS)
    assert found.outside == {way("a/job", "s3.example.com", "443", "")}
    assert not found.inside
