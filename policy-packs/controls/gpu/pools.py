"""What GPU pools a stack has, and what they offer.

Sources: Karpenter NodePool and NodeOverlay; the GPU operator's MIG configuration (`mig-configs` in a ConfigMap);
EKS managed node groups; Node objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.fields import text
from controls.gpu.requests import DOMAIN, is_gpu
from controls.item import Item
from controls.stack import Stack

NODE_POOL: Final = "NodePool.karpenter.sh"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_OVERLAY: Final = "NodeOverlay.karpenter.sh"
_GPU_INSTANCE: Final = re.compile(r"(?:p|g|gr)\d.*", re.ASCII)
_PROFILE: Final = re.compile(r"^\s+[\"']?(\d+g\.\d+gb(?:\+\w+)*)[\"']?\s*:\s*[1-9]", re.ASCII | re.MULTILINE)


def offered(stack: Stack, cluster: str) -> frozenset[str]:
    """GPU resources that some node of the cluster may have."""
    return frozenset(_offers(stack, cluster))


def is_gpu_pool(pool: Item) -> bool:
    """Whether a NodePool or a node group makes nodes with GPUs."""
    return _is_gpu_group(pool) if pool.type == NODE_GROUP else _is_gpu_node_pool(pool)


def _offers(stack: Stack, cluster: str) -> Iterator[str]:
    for pool in stack.of_cluster(cluster, NODE_POOL):
        yield from _more_than_none(pool.spec.section("limits").present())
    for overlay in stack.of_cluster(cluster, _OVERLAY):
        yield from _more_than_none(overlay.spec.section("capacity").present())
    for node in stack.of_cluster(cluster, "Node"):
        yield from _more_than_none(node.fields.section("status").section("allocatable").present())
    for config in stack.of_cluster(cluster, "ConfigMap"):
        for _, value in config.fields.section("data").present():
            if "mig-configs" in text(value):
                for profile in _PROFILE.findall(text(value)):
                    yield f"{DOMAIN}mig-{profile.replace('+', '.')}"


def _more_than_none(amounts: Iterator[tuple[str, object]]) -> Iterator[str]:
    return (name for name, amount in amounts if is_gpu(name) and amount not in (0, "0"))


def _is_gpu_node_pool(pool: Item) -> bool:
    node = pool.spec.section("template").section("spec")
    taints = [text(one.value("key")) for one in node.entries("taints")]
    limits = [name for name, _ in pool.spec.section("limits").present()]
    if any(one.startswith(DOMAIN) for one in (*taints, *limits)):
        return True
    for requirement in node.entries("requirements"):
        key, operator = text(requirement.value("key")), requirement.value("operator")
        values = [text(one) for one in requirement.values("values")]
        if operator in ("NotIn", "DoesNotExist"):
            continue
        if key.startswith("karpenter.k8s.aws/instance-gpu"):
            return True
        if key == "karpenter.k8s.aws/instance-category" and {"p", "g"} & set(values):
            return True
        if key in {"node.kubernetes.io/instance-type", "karpenter.k8s.aws/instance-family"} and any(
            _GPU_INSTANCE.fullmatch(one) for one in values
        ):
            return True
    return False


def _is_gpu_group(group: Item) -> bool:
    image = text(group.fields.value("amiType"))
    kinds = [text(one) for one in group.fields.values("instanceTypes")]
    return "NVIDIA" in image or "GPU" in image or any(_GPU_INSTANCE.fullmatch(one) for one in kinds)
