from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.trust.cert_manager_values import NAMESPACE, WEBHOOK_PORT, chart_values
from tests.upstream_charts import defaults, mistakes, needs_charts

LABELS = {"team": "platform"}
VALUES = chart_values(LABELS)


def servers(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (values, values["webhook"], values["cainjector"])


@needs_charts
def test_every_value_is_one_that_the_chart_takes() -> None:
    assert mistakes("cert-manager", VALUES) == []


@needs_charts
def test_the_chart_refuses_a_key_that_it_does_not_know() -> None:
    assert mistakes("cert-manager", {**VALUES, "replicas": 2})


def test_its_kinds_come_with_it_and_stay_when_it_goes() -> None:
    """Certificates would vanish with their kinds, and what they made with them."""
    assert VALUES["crds"] == {"enabled": True, "keep": True}


def test_no_secret_goes_with_its_certificate() -> None:
    assert VALUES["enableCertificateOwnerRef"] is False


@needs_charts
def test_the_webhook_listens_where_policies_let_the_api_server_in() -> None:
    """In the pod's own network, where the port is not the kubelet's."""
    webhook = {**defaults("cert-manager")["webhook"], **VALUES["webhook"]}
    assert (webhook["hostNetwork"], webhook["securePort"]) == (False, WEBHOOK_PORT)


def test_every_pod_is_restricted() -> None:
    for server in servers(VALUES):
        container = server["containerSecurityContext"]
        assert container["readOnlyRootFilesystem"] is True
        assert container["allowPrivilegeEscalation"] is False
        assert container["capabilities"] == {"drop": ["ALL"]}
        assert server["securityContext"]["runAsNonRoot"] is True
        assert server["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_every_server_has_one_that_stands_in_for_it_and_can_be_drained() -> None:
    for server in servers(VALUES):
        assert server["replicaCount"] == 2
        assert server["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}


def test_it_runs_on_the_first_nodes_of_a_cluster() -> None:
    for server in servers(VALUES):
        assert {"key": "CriticalAddonsOnly", "operator": "Exists", "effect": "NoSchedule"} in server[
            "tolerations"
        ]


def test_people_get_no_rights_from_the_chart() -> None:
    assert VALUES["global"]["rbac"]["aggregateClusterRoles"] is False


def test_nothing_is_left_to_a_hook_that_never_runs() -> None:
    assert VALUES["startupapicheck"] == {"enabled": False}


def test_leaders_are_elected_where_it_runs() -> None:
    assert VALUES["global"]["leaderElection"]["namespace"] == NAMESPACE


def test_every_server_runs_the_image_of_the_catalogue_by_its_digest() -> None:
    digests = [one["image"]["digest"] for one in servers(VALUES)]
    assert len(set(digests)) == 3
    assert all(digest.startswith("sha256:") for digest in digests)
