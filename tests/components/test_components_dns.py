from __future__ import annotations

from components.isolation.dns import cilium_egress, network_policy_egress


def test_both_policy_kinds_mean_the_same_pods_and_port() -> None:
    (peer,) = network_policy_egress()["to"]
    (endpoint,) = cilium_egress([{"matchPattern": "*"}])["toEndpoints"]
    assert endpoint["matchLabels"] == {
        "k8s:io.kubernetes.pod.namespace": peer["namespaceSelector"]["matchLabels"][
            "kubernetes.io/metadata.name"
        ],
        **{f"k8s:{key}": value for key, value in peer["podSelector"]["matchLabels"].items()},
    }
    assert {port["port"] for port in network_policy_egress()["ports"]} == {53}
    assert cilium_egress([])["toPorts"][0]["ports"] == [{"port": "53", "protocol": "ANY"}]


def test_long_answers_over_tcp_are_allowed_too() -> None:
    assert {port["protocol"] for port in network_policy_egress()["ports"]} == {"UDP", "TCP"}


def test_only_the_given_names_pass_the_dns_proxy() -> None:
    names = [{"matchName": "db.example.com"}]
    assert cilium_egress(names)["toPorts"][0]["rules"] == {"dns": names}
