from __future__ import annotations

import json

import pytest

from config.schema import EksCluster, ExistingCluster, LabCluster, NetworkSettings, PlatformSettings
from stacks.clusters import clusters
from tests.recorder import Declaration, Recorder, run
from tests.stacks.conftest import settings_of

NETWORK = NetworkSettings(id="net", pod_cidr="10.0.0.0/16", service_cidr="10.1.0.0/16")
LAB = LabCluster(name="east", role="primary", region="lab", network=NETWORK, kind="lab")
OWNED = ExistingCluster(
    name="west",
    role="workload",
    region="dc",
    network=NETWORK,
    kind="existing",
    context="admin@dc",
    kubeconfig="k/c",
)
EKS = next(one for one in settings_of("prod").clusters if isinstance(one, EksCluster))


def provider(cluster: LabCluster | ExistingCluster | EksCluster) -> Declaration:
    settings = settings_of("prod").model_copy(update={"clusters": (cluster,)})

    def program() -> None:
        clusters(settings)

    found = [one for one in run(program).declarations if one.type == "pulumi:providers:kubernetes"]
    return next(one for one in found if one.name == cluster.name)


@pytest.mark.parametrize(
    ("cluster", "kubeconfig", "context"),
    [(LAB, ".lab/kubeconfig", "east"), (OWNED, "k/c", "admin@dc")],
    ids=["lab", "existing"],
)
def test_each_kind_is_reached_by_its_own_context(
    cluster: LabCluster | ExistingCluster, kubeconfig: str, context: str
) -> None:
    found = provider(cluster)
    assert found.type == "pulumi:providers:kubernetes"
    assert found.inputs["kubeconfig"] == kubeconfig
    assert found.inputs["context"] == context


def test_an_eks_cluster_is_reached_by_a_kubeconfig_that_the_program_makes() -> None:
    found = provider(EKS)
    assert json.loads(found.inputs["kubeconfig"])["current-context"] == found.inputs["context"] == EKS.name


def test_all_kinds_are_the_same_to_whatever_comes_after() -> None:
    inputs = [set(provider(one).inputs) for one in (LAB, OWNED, EKS)]
    assert inputs[0] == inputs[1] == inputs[2]


def test_the_clusters_identity_is_its_name_and_not_where_it_is() -> None:
    moved = OWNED.model_copy(update={"context": "other", "kubeconfig": "elsewhere"})
    assert (
        provider(OWNED).inputs["clusterIdentifier"] == provider(moved).inputs["clusterIdentifier"] == "west"
    )


def test_the_callers_own_kubeconfig_never_gets_into_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "somewhere/private")
    assert "somewhere/private" not in repr(provider(EKS).inputs)


def test_every_cluster_of_a_stack_has_exactly_one_provider_and_one_for_what_comes_before(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    providers = {one.name for one in recorded.declarations if one.type == "pulumi:providers:kubernetes"}
    names = {cluster.name for cluster in settings.clusters}
    assert providers - names <= {f"{name}-bootstrap" for name in names}
    assert names <= providers
