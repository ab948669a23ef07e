from __future__ import annotations

import pytest

from config.schema import EksCluster, ExistingCluster, LabCluster, NetworkSettings, PlatformSettings
from stacks.clusters import clusters
from tests.recorder import Declaration, Recorder, run

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
EKS = EksCluster(name="prod", role="primary", region="eu-central-1", network=NETWORK, kind="eks")


def provider(cluster: LabCluster | ExistingCluster | EksCluster) -> Declaration:
    def program() -> None:
        clusters([cluster])

    (found,) = run(program).declarations
    return found


@pytest.mark.parametrize(
    ("cluster", "kubeconfig", "context"),
    [(LAB, ".lab/kubeconfig", "east"), (OWNED, "k/c", "admin@dc"), (EKS, "", "prod")],
    ids=["lab", "existing", "eks"],
)
def test_each_kind_is_reached_by_its_own_context(
    cluster: LabCluster | ExistingCluster | EksCluster, kubeconfig: str, context: str
) -> None:
    found = provider(cluster)
    assert found.type == "pulumi:providers:kubernetes"
    assert found.inputs["kubeconfig"] == kubeconfig
    assert found.inputs["context"] == context


def test_the_clusters_identity_is_its_name_and_not_where_it_is() -> None:
    moved = OWNED.model_copy(update={"context": "other", "kubeconfig": "elsewhere"})
    assert (
        provider(OWNED).inputs["clusterIdentifier"] == provider(moved).inputs["clusterIdentifier"] == "west"
    )


def test_the_callers_own_kubeconfig_never_gets_into_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "somewhere/private")
    assert "somewhere/private" not in repr(provider(EKS).inputs)


def test_every_cluster_of_a_stack_has_exactly_one_provider(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    providers = [one.name for one in recorded.declarations if one.type == "pulumi:providers:kubernetes"]
    assert sorted(providers) == sorted(cluster.name for cluster in settings.clusters)
