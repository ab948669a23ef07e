from __future__ import annotations

from typing import Any

from components.manifest import NamespaceRef
from components.network.fqdn_egress import Destination, fqdn_egress

TEAM = NamespaceRef(name="team", ready="team")
DATABASE = Destination(hosts=("db.example.com",), port=5432)
STORE = Destination(hosts=("s3.example.com", "bucket.s3.example.com"), port=443)


def spec() -> dict[str, Any]:
    found: dict[str, Any] = fqdn_egress("tracker", TEAM, [DATABASE, STORE])["spec"]
    return found


def test_only_the_named_hosts_are_reachable_each_on_its_own_port() -> None:
    reach = {
        (host["matchName"], rule["toPorts"][0]["ports"][0]["port"])
        for rule in spec()["egress"]
        for host in rule.get("toFQDNs", [])
    }
    assert reach == {("db.example.com", "5432"), ("s3.example.com", "443"), ("bucket.s3.example.com", "443")}


def test_every_reachable_host_can_be_resolved_through_the_dns_proxy() -> None:
    """Cilium learns a name's addresses only from answers that passed a DNS rule on the same endpoints."""
    rules = [port["rules"]["dns"] for rule in spec()["egress"] for port in rule["toPorts"] if "rules" in port]
    assert [name["matchName"] for name in rules[0]] == [
        "db.example.com",
        "s3.example.com",
        "bucket.s3.example.com",
    ]


def test_only_the_apps_own_pods_get_the_way_out() -> None:
    assert spec()["endpointSelector"] == {"matchLabels": {"app.kubernetes.io/name": "tracker"}}
    assert "ingress" not in spec()
