from __future__ import annotations

import pulumi
from pulumi_kubernetes import Provider

from components.gpu.claims import GpuClaims, GpuClaimsArgs, claim_template, device_class
from components.manifest import NamespaceRef
from tests.components.test_components_queue_objects import MIXED, SINGLE, WHOLE
from tests.recorder import run
from tests.stacks.stack_schemas import built_in_mistakes

HOME = NamespaceRef(name="mlops-dev", ready="mlops-dev")


def test_classes_and_templates_are_what_the_api_takes() -> None:
    made = device_class("1g.10gb", "nvidia.com/mig-1g.10gb", {"team": "a"})
    assert built_in_mistakes(made) == []
    template = claim_template("nvidia.com/mig-1g.10gb", made["metadata"]["name"], HOME, {})
    assert built_in_mistakes(template) == []


def test_a_class_holds_devices_of_its_kind_alone() -> None:
    def expression(kind: str) -> str:
        (selector,) = device_class(kind, "nvidia.com/gpu", {})["spec"]["selectors"]
        return str(selector["cel"]["expression"])

    assert expression("whole").endswith("device.attributes['gpu.nvidia.com'].type == 'gpu'")
    assert "profile == '3g.40gb'" in expression("3g.40gb")
    assert "type == 'mig'" in expression("3g.40gb")


def test_every_namespace_can_claim_every_kind_that_the_pools_have() -> None:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(provider=provider)
        args = GpuClaimsArgs(pools=[MIXED, WHOLE], namespaces=[HOME], labels={})
        GpuClaims("east-claims", args, opts)

    made = [one for one in run(program).kubernetes if one.inputs["kind"] == "ResourceClaimTemplate"]
    classes = {
        one.inputs["spec"]["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] for one in made
    }
    assert classes == {"mlops-gpu", "mlops-mig-1g.10gb", "mlops-mig-2g.20gb", "mlops-mig-3g.40gb"}
    assert SINGLE.name == "single"
