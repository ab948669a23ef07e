from __future__ import annotations

from functools import cache
from typing import Any

import pulumi
from pulumi_kubernetes import Provider

from components.gpu.claims import DRIVER, GpuClaims, GpuClaimsArgs, claim_template, device_class
from components.manifest import NamespaceRef
from tests.components.cel import evaluate, value
from tests.components.test_components_queue_objects import MIXED, SINGLE, WHOLE
from tests.recorder import run
from tests.stacks.stack_schemas import built_in_mistakes

HOME = NamespaceRef(name="mlops-dev", ready="mlops-dev")


def test_classes_and_templates_are_what_the_api_takes() -> None:
    made = device_class("nvidia.com/mig-1g.10gb", ["1g.10gb"], {"team": "a"})
    assert built_in_mistakes(made) == []
    template = claim_template("nvidia.com/mig-1g.10gb", made["metadata"]["name"], HOME, {})
    assert built_in_mistakes(template) == []


def program() -> None:
    provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
    opts = pulumi.ResourceOptions(provider=provider)
    args = GpuClaimsArgs(pools=[WHOLE, SINGLE, MIXED], namespaces=[HOME], labels={})
    GpuClaims("east-claims", args, opts)


@cache
def made(kind: str) -> list[dict[str, Any]]:
    """The objects of that kind in a cluster whose pools call their slices by the same names."""
    return [one.inputs for one in run(program).kubernetes if one.inputs["kind"] == kind]


def held(manifest: dict[str, Any]) -> set[str]:
    """Which of a node's devices are of the class."""
    (selector,) = manifest["spec"]["selectors"]
    devices = {"gpu": {"type": "gpu"}} | {
        profile: {"type": "mig", "profile": profile} for profile in ("1g.10gb", "2g.20gb", "3g.40gb")
    }
    return {
        name
        for name, attributes in devices.items()
        for device in [value({"driver": DRIVER, "attributes": {DRIVER: attributes}})]
        if evaluate(selector["cel"]["expression"], {"device": device})
    }


def test_a_class_holds_devices_of_its_resource_alone_whichever_pools_offer_them() -> None:
    classes = made("DeviceClass")
    assert {one["metadata"]["name"]: held(one) for one in classes} == {
        "mlops-gpu": {"gpu", "1g.10gb"},
        "mlops-mig-1g.10gb": {"1g.10gb"},
        "mlops-mig-2g.20gb": {"2g.20gb"},
        "mlops-mig-3g.40gb": {"3g.40gb"},
    }
    assert len(classes) == 4
    assert [mistake for one in classes for mistake in built_in_mistakes(one)] == []


def test_a_class_holds_nothing_of_another_driver() -> None:
    (selector,) = device_class("nvidia.com/gpu", ["whole", "1g.10gb"], {})["spec"]["selectors"]
    device = value({"driver": "other", "attributes": {DRIVER: {"type": "gpu"}}})
    assert not evaluate(selector["cel"]["expression"], {"device": device})


def test_every_namespace_can_claim_every_resource_that_the_pools_have_once() -> None:
    templates = made("ResourceClaimTemplate")
    classes = [
        one["spec"]["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] for one in templates
    ]
    assert classes == [one["metadata"]["name"] for one in templates]
    assert sorted(classes) == ["mlops-gpu", "mlops-mig-1g.10gb", "mlops-mig-2g.20gb", "mlops-mig-3g.40gb"]
