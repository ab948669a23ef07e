"""How all clusters run their GPUs: who brings the driver, and by which of Kubernetes' two ways slices are given out."""

from __future__ import annotations

from typing import Literal

from config.types import Settings


class GpuSettings(Settings):
    """What is the same for every GPU pool of a stack."""

    driver: Literal["image", "operator"] = "image"
    """Who brings driver and container toolkit: the nodes' image (as EKS's for NVIDIA does), or the GPU operator."""
    allocation: Literal["device-plugin", "dra"] = "device-plugin"
    """How a pod asks: for an extended resource (`nvidia.com/mig-1g.10gb: 1`), or with Dynamic Resource Allocation by
    a claim. The GPU operator runs one of the two, and calls the second one experimental."""
