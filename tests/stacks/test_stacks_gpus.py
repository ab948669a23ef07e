from __future__ import annotations

from config.endpoint import Endpoint
from config.gpu_settings import GpuSettings
from config.schema import PlatformSettings
from stacks.platform import build
from tests.recorder import Recorder, run
from tests.stacks.conftest import recorded_stack, settings_of
from tests.stacks.stack_objects import name, of_kind


def test_every_cluster_with_gpus_is_guarded_and_prepared(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    with_gpus = {cluster.name for cluster in settings.clusters if cluster.gpu_pools}
    policies = {
        one.provider
        for one in of_kind(recorded, "ValidatingAdmissionPolicy")
        if name(one) == "mlops-gpu-offered"
    }
    guards = {one.provider for one in of_kind(recorded, "Deployment") if name(one) == "gpu-guard"}
    operators = {one.provider for one in recorded.declarations if one.is_chart and "gpu-operator" in one.name}
    assert policies == guards == with_gpus
    assert operators == (set() if settings.charts.source == "none" else with_gpus)


def test_a_cluster_admits_the_slices_of_its_own_pools(recorded: Recorder) -> None:
    messages = {
        one.provider: one.inputs["spec"]["validations"][0]["message"]
        for one in of_kind(recorded, "ValidatingAdmissionPolicy")
        if name(one) == "mlops-gpu-offered"
    }
    assert len(set(messages.values())) == len(messages)


def test_teams_are_queued_where_the_settings_say_so_and_nowhere_else(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    wanted = {(one.name, queue.team) for one in settings.clusters for queue in one.gpu_queues}
    assert {(one.provider, name(one)) for one in of_kind(recorded, "ClusterQueue")} == wanted
    accounts = {one.provider for one in of_kind(recorded, "Deployment") if name(one) == "gpu-hours"}
    assert accounts == {cluster for cluster, _ in wanted}


def test_every_namespace_of_a_team_enters_the_teams_queue() -> None:
    settings = settings_of("prod")
    entries = {
        (one.provider, one.inputs["metadata"]["namespace"]): one.inputs["spec"]["clusterQueue"]
        for one in of_kind(recorded_stack("prod"), "LocalQueue")
    }
    assert entries == {
        (cluster.name, tenant.name): tenant.team
        for cluster in settings.clusters
        for tenant in settings.tenants
        if tenant.purpose != "platform"
    }


def test_with_claims_every_user_can_claim_and_nobody_asks_for_extended_resources() -> None:
    receiver = Endpoint(host="otel.example.com", port=4317)
    gpu = GpuSettings(allocation="dra", telemetry=receiver)
    settings = settings_of("prod").model_copy(update={"gpu": gpu})
    made = run(lambda: build(settings), "prod")
    users = {tenant.name for tenant in settings.tenants if tenant.purpose != "platform"}
    for cluster in settings.clusters:
        here = [one for one in made.kubernetes if one.provider == cluster.name]
        templates = [one for one in here if one.inputs["kind"] == "ResourceClaimTemplate"]
        assert {one.inputs["metadata"]["namespace"] for one in templates} == users
        assert [one for one in here if one.inputs["kind"] == "DeviceClass"]
        (policy,) = [one for one in here if one.inputs["metadata"]["name"] == "mlops-gpu-offered"][:1]
        assert "claim a slice instead" in policy.inputs["spec"]["validations"][0]["message"]
        assert [one for one in here if one.name == f"{cluster.name}-gpu-telemetry-server"]
