from __future__ import annotations

from config.schema import PlatformSettings
from tests.recorder import Recorder
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
