from __future__ import annotations

import re
from collections import Counter

import pytest

from config.schema import PlatformSettings
from stacks.platform import build
from tests.components.secret_values import in_the_open
from tests.recorder import Declaration, Recorder, run
from tests.stacks.conftest import settings_of, unhosted
from tests.stacks.stack_objects import charts, of_kind, place, running


def same_but_for_the_cluster(one: Declaration, cluster: str) -> tuple[str, str, str]:
    return (one.type, one.name.removeprefix(cluster), one.parent.removeprefix(cluster))


def test_every_object_goes_through_the_explicit_provider_of_its_cluster(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    clusters = {cluster.name for cluster in settings.clusters}
    declared = [*recorded.kubernetes, *charts(recorded)]
    assert {place(one)[0] for one in declared} == clusters
    assert [one.name for one in declared if not one.name.startswith(f"{place(one)[0]}-")] == []


def test_every_child_is_named_for_its_component(recorded: Recorder) -> None:
    assert recorded.misnamed() == []


def test_every_object_belongs_to_a_component(recorded: Recorder) -> None:
    alone = [
        one.name
        for one in recorded.declarations
        if not one.parent and not one.is_component and not one.type.startswith("pulumi:providers:")
    ]
    assert alone == []


def test_no_two_objects_of_a_cluster_are_the_same_object(recorded: Recorder) -> None:
    counted = Counter(one.identity for one in recorded.kubernetes)
    assert [identity for identity, count in counted.items() if count > 1] == []


def test_values_order_the_graph_and_nothing_else_does(recorded: Recorder) -> None:
    """An explicit dependency needs a reason: a CRD, credentials that a pod gets when it is admitted, a log group
    that its writer would make."""
    explicit = {one.type for one in recorded.declarations if one.explicit_dependencies}
    assert explicit <= {
        "aws:eks/cluster:Cluster",
        "kubernetes:helm.sh/v4:Chart",
        "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
        "kubernetes:karpenter.sh/v1:NodePool",
        "kubernetes:karpenter.sh/v1alpha1:NodeOverlay",
        *(
            f"kubernetes:kueue.x-k8s.io/v1beta2:{kind}"
            for kind in ("ClusterQueue", "LocalQueue", "ResourceFlavor", "Topology", "WorkloadPriorityClass")
        ),
    }


def test_nothing_runs_in_a_namespace_before_it_is_closed_and_bounded(recorded: Recorder) -> None:
    """Two kinds of policies deny and two let names be asked; a tenant has its quota and its defaults as well."""
    for one in running(recorded):
        home = [
            other
            for other in recorded.kubernetes
            if place(other) == place(one)
            and other.inputs["metadata"]["name"] in {"default-deny", "allow-dns", "tenant", "defaults"}
        ]
        assert len(home) == (6 if place(one)[1].startswith("mlops-") else 4), one.name
        assert {other.name for other in home} <= one.dependencies, one.name


def test_a_deployment_comes_after_the_rights_that_its_component_gives_it(recorded: Recorder) -> None:
    for one in recorded.kubernetes:
        if one.inputs["kind"] == "Deployment":
            name = one.inputs["spec"]["template"]["spec"]["serviceAccountName"]
            account = {"kind": "ServiceAccount", "name": name, "namespace": place(one)[1]}
            bound = {
                other.name
                for other in recorded.kubernetes
                if other.parent == one.parent and account in other.inputs.get("subjects", ())
            }
            assert bound <= one.dependencies, one.name


def test_people_have_rights_once_admission_guards_them(recorded: Recorder) -> None:
    people = [one for one in recorded.kubernetes if one.parent == f"{one.provider}-access"]
    for binding in (one for one in people if one.inputs["kind"].endswith("Binding")):
        guards = {
            one.name
            for one in recorded.kubernetes
            if one.parent == f"{binding.provider}-admission" and one.inputs["kind"].endswith("Binding")
        }
        assert guards
        assert guards <= binding.dependencies, binding.name


def test_a_deployment_comes_after_all_that_it_refers_to(recorded: Recorder) -> None:
    for one in recorded.kubernetes:
        if one.inputs["kind"] == "Deployment":
            pod = one.inputs["spec"]["template"]["spec"]
            names = {
                pod["serviceAccountName"],
                *(v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v),
                *(v["configMap"]["name"] for v in pod["volumes"] if "configMap" in v),
            }
            before = {d.inputs["metadata"]["name"] for d in recorded.kubernetes if d.name in one.dependencies}
            assert names <= before


def test_clusters_differ_by_their_settings_alone(stack: str, settings: PlatformSettings) -> None:
    """Servers of the whole estate apart, of which there is one each, what is named for a GPU pool, and what clusters
    know of each other."""
    apart = settings.mesh.model_copy(update={"multi_primary": False})
    alone = unhosted(settings_of(stack)).model_copy(update={"mesh": apart})
    recorded = run(lambda: build(alone), stack)
    declared = [
        one for one in recorded.kubernetes if not {"karpenter", "kueue"} & set(re.split(r"[:.]", one.type))
    ]
    shapes = [
        {same_but_for_the_cluster(one, cluster.name) for one in declared if one.provider == cluster.name}
        for cluster in settings.clusters
    ]
    assert shapes[0]
    assert all(shape == shapes[0] for shape in shapes)


def test_a_cluster_without_gpu_pools_gets_no_gpu_namespace(settings: PlatformSettings) -> None:
    bare = settings.model_copy(
        update={"clusters": tuple(one.model_copy(update={"gpu_pools": ()}) for one in settings.clusters)}
    )
    recorded = run(lambda: build(bare))
    assert not [one for one in recorded.declarations if "gpu" in one.name]


def test_only_declared_purposes_reach_mlflow(recorded: Recorder, settings: PlatformSettings) -> None:
    """Tenants that make or serve models, and the platform's own namespace for the gate in it."""
    purposes = {"dev", "training", "serving", "platform"}
    expected = {one.name for one in settings.tenants if one.purpose in purposes}
    for cluster in settings.clusters:
        found = {
            one.inputs["metadata"]["namespace"]
            for one in recorded.kubernetes
            if one.provider == cluster.name and one.inputs["metadata"]["name"] == "to-mlflow"
        }
        assert found == expected


def test_in_the_platforms_namespace_the_gate_alone_is_let_through_to_mlflow(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    (platform,) = [one.name for one in settings.tenants if one.purpose == "platform"]
    tenants = {one.name for one in settings.tenants} - {platform}
    expected = {f"cluster.local/ns/{name}/sa/workload" for name in tenants}
    expected.add(f"cluster.local/ns/{platform}/sa/mlflow-gate")
    found = [
        one for one in of_kind(recorded, "AuthorizationPolicy") if one.name.endswith("-access-workloads")
    ]
    assert len(found) == len(settings.clusters)
    for one in found:
        ((rule,),) = (one.inputs["spec"]["rules"],)
        assert set(rule["from"][0]["source"]["principals"]) == expected


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_preview_and_up_declare_the_same(
    settings: PlatformSettings, recorded: Recorder, preview: bool
) -> None:
    """But for secrets, which only Keycloak knows and only once the clients exist."""
    again = run(lambda: build(settings), preview=preview)
    assert {(one.type, one.name): in_the_open(one.inputs) for one in again.declarations} == {
        (one.type, one.name): in_the_open(one.inputs) for one in recorded.declarations
    }
