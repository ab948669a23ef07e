"""Clusters that watch each other, in a lab that runs: what a remote secret opens, what it does not, and its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from components.mesh.remote_reader import READS
from tests.platform.checkout import checkout, without_west
from tests.platform.command import Platform
from tests.platform.store import api
from tests.platform.watching import SYSTEM, secret_of, watching

pytestmark = pytest.mark.lab

PAIRS = [("east", "west"), ("west", "east")]
FORBIDDEN = [
    ("get", "", "secrets"),
    ("list", "", "secrets"),
    ("list", "", "configmaps"),
    ("get", "", "pods"),
    ("create", "", "pods"),
    ("delete", "", "pods"),
    ("patch", "", "services"),
    ("create", "", "serviceaccounts/token"),
    ("create", "", "pods/exec"),
    ("impersonate", "", "users"),
    ("create", "authentication.k8s.io", "tokenreviews"),
    ("create", "authorization.k8s.io", "subjectaccessreviews"),
    ("list", "rbac.authorization.k8s.io", "clusterroles"),
    ("list", "apps", "deployments"),
    ("*", "*", "*"),
]


@pytest.mark.parametrize(("holder", "peer"), PAIRS)
def test_a_control_plane_knows_the_secret_by_label_and_cluster(
    platform: Platform, holder: str, peer: str
) -> None:
    found = secret_of(platform, holder, peer)
    assert found.metadata.labels["istio/multiCluster"] == "true"
    assert found.metadata.annotations["networking.istio.io/cluster"] == peer
    assert found.data.keys() == {peer}


@pytest.mark.parametrize(("holder", "peer"), PAIRS)
def test_it_reads_the_peers_endpoints_as_the_peers_administrator_sees_them(
    platform: Platform, holder: str, peer: str
) -> None:
    def slices(connection: client.ApiClient) -> set[tuple[str, str]]:
        found = client.DiscoveryV1Api(connection).list_endpoint_slice_for_all_namespaces().items
        return {(one.metadata.namespace, one.metadata.labels["kubernetes.io/service-name"]) for one in found}

    with watching(platform, holder, peer) as seen, api(platform, peer) as own:
        assert ("mlops-platform", "mlflow") in slices(own)
        assert slices(seen) == slices(own)


@pytest.mark.parametrize(("holder", "peer"), PAIRS)
def test_it_lists_and_watches_what_a_control_plane_needs_and_can_do_nothing_else(
    platform: Platform, holder: str, peer: str
) -> None:
    with watching(platform, holder, peer) as connection:
        reviews = client.AuthorizationV1Api(connection)

        def may(verb: str, group: str, resource: str) -> bool:
            kind, _, part = resource.partition("/")
            asked = {"verb": verb, "group": group, "resource": kind, "subresource": part}
            body = {"spec": {"resourceAttributes": asked}}
            return bool(reviews.create_self_subject_access_review(body).status.allowed)

        for group, resources in READS.items():
            for resource in resources:
                assert may("list", group, resource), resource
                assert may("watch", group, resource), resource
        assert [one for one in FORBIDDEN if may(*one)] == []
        with pytest.raises(client.ApiException, match="403"):
            client.CoreV1Api(connection).list_secret_for_all_namespaces()


@pytest.mark.parametrize(("holder", "peer"), PAIRS)
def test_all_its_rights_are_those_of_the_role_and_what_everybody_has(
    platform: Platform, holder: str, peer: str
) -> None:
    with watching(platform, holder, peer) as connection:
        review = {"spec": {"namespace": "mlops-platform"}}
        status = client.AuthorizationV1Api(connection).create_self_subject_rules_review(review).status
    own = {
        (group, resource, verb)
        for rule in status.resource_rules
        for group in rule.api_groups
        for resource in rule.resources
        for verb in rule.verbs
        if not resource.startswith("selfsubject")
    }
    assert own == {(g, r, verb) for g, rs in READS.items() for r in rs for verb in ("list", "watch")}


def test_a_token_says_which_cluster_asks_and_ends_by_itself(platform: Platform) -> None:
    with watching(platform, "east", "west") as connection:
        review: Any = client.AuthenticationV1Api(connection).create_self_subject_review({})
    info = review.status.user_info
    assert info.username.startswith("mlops:")
    assert set(info.groups) == {"mlops:mesh-east", "system:authenticated"}


def test_taking_a_cluster_out_of_the_settings_shuts_it_out_of_the_others(
    platform: Platform, tmp_path: Path
) -> None:
    """Its Secret goes, and the token that it still holds is worth nothing there from then on."""
    with watching(platform, "west", "east") as held:
        client.CoreV1Api(held).list_node()
        try:
            platform.of(checkout(tmp_path, without_west, unneeded=SYSTEM)).mlops("up", "--engine", "embedded")
            with pytest.raises(client.ApiException, match="403"):
                client.CoreV1Api(held).list_node()
            with api(platform, "east") as own:
                left = client.CoreV1Api(own).list_namespaced_secret(
                    SYSTEM, label_selector="istio/multiCluster=true"
                )
                assert left.items == []
        finally:
            platform.mlops("up", "--engine", "embedded")
    assert secret_of(platform, "east", "west").data.keys() == {"west"}
