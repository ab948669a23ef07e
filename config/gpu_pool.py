"""A pool of equal GPU nodes and the way its GPUs are shared: one typed choice."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from config.closest import or_list
from config.gpu_models import GPU_MODELS, GpuModel
from config.mig import describe
from config.types import DnsLabel, NodeCount, PositiveCount, Settings, refusal


def _known_model(name: str) -> str:
    if name not in GPU_MODELS:
        raise refusal(or_list(name, GPU_MODELS))
    return name


GpuModelName = Annotated[
    str, AfterValidator(_known_model), Field(json_schema_extra={"enum": sorted(GPU_MODELS)})
]
"""A key of `config.gpu_models.GPU_MODELS`."""

Replicas = Annotated[int, Field(strict=True, ge=2, le=48)]
"""Shares of one GPU. 48 is the most clients that one MPS server of a Volta or later GPU takes."""


PROFILE_NAMES = sorted(
    {profile for model in GPU_MODELS.values() if model.mig for profile in model.mig.by_name}
)
"""The MIG profiles of all models; which of them a pool may use depends on its model."""


Price = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)]
"""In whatever currency all prices of a stack are."""


class WholeGpu(Settings):
    """Every GPU goes to one container as a whole."""

    strategy: Literal["whole"] = "whole"


class Mig(Settings):
    """Every GPU of the pool is cut alike, into isolated instances."""

    strategy: Literal["mig"]
    profiles: Annotated[
        Mapping[str, PositiveCount],
        Field(min_length=1, json_schema_extra={"propertyNames": {"enum": PROFILE_NAMES}}),
    ]
    """Instances per GPU by MIG profile, such as `{1g.10gb: 2, 2g.20gb: 1, 3g.40gb: 1}`."""
    layout: Literal["single", "mixed"] | None = None
    """How the instances are named: `single` calls them `nvidia.com/gpu`, `mixed` gives each profile its own
    resource. Left out it is `single` for one profile and `mixed` for several."""

    @property
    def mig_strategy(self) -> Literal["single", "mixed"]:
        """The GPU operator's `mig.strategy`."""
        return self.layout or ("single" if len(self.profiles) == 1 else "mixed")

    @model_validator(mode="before")
    @classmethod
    def _is_not_shared_further(cls, given: Any) -> Any:
        """NVIDIA/k8s-device-plugin, README, "With CUDA MPS": not supported on devices with MIG enabled."""
        if isinstance(given, Mapping) and "replicas" in given:
            raise refusal(
                "leave it out: an instance goes to one container. The device plugin refuses MPS on a GPU with MIG "
                "enabled; to share whole GPUs use strategy 'mps' or 'time-slicing' without profiles",
                given=repr(given["replicas"]),
                at="replicas",
            )
        return given


class _Shared(Settings):
    strategy: str
    replicas: Replicas
    """Containers that may share one GPU."""
    rename_by_default: Annotated[bool, Field(strict=True)] = True
    """Offer the shares as `nvidia.com/gpu.shared`, so that a quota can tell them from whole GPUs."""

    @model_validator(mode="before")
    @classmethod
    def _is_not_cut(cls, given: Any) -> Any:
        """NVIDIA/k8s-device-plugin, README, "With CUDA MPS": not supported on devices with MIG enabled."""
        if isinstance(given, Mapping) and "profiles" in given:
            raise refusal(
                "leave them out, or use strategy 'mig' without replicas: whole GPUs are shared, and the device plugin "
                "refuses MPS on a GPU with MIG enabled",
                given=f"profiles with {given.get('strategy')!r}",
                at="profiles",
            )
        return given


class TimeSlicing(_Shared):
    """Containers take turns on a GPU, without isolation of memory or faults."""

    strategy: Literal["time-slicing"]


class Mps(_Shared):
    """Containers run side by side on a GPU, each held to an equal part of memory and compute."""

    strategy: Literal["mps"]


Sharing = Annotated[WholeGpu | Mig | TimeSlicing | Mps, Field(discriminator="strategy")]


class GpuPool(Settings):
    """Equal nodes with equal GPUs, shared in one way. A mix that no GPU can hold is refused."""

    name: DnsLabel
    """Name of the pool, unique in its cluster."""
    model: GpuModelName
    """GPU model of every node."""
    purpose: Literal["dev", "training"]
    """What may run here: development environments or training."""
    nodes: NodeCount
    """Nodes in the lab and the starting size elsewhere; 0 is a pool that scales from nothing."""
    gpus_per_node: Annotated[int, Field(strict=True, ge=1, le=16)]
    """GPUs in each node."""
    sharing: Sharing = WholeGpu()
    """How one GPU is shared."""
    price_per_gpu_hour: Price | None = None
    """What one GPU costs in an hour, for the price of a slice; there is no default, since prices are yours."""

    @property
    def gpu(self) -> GpuModel:
        """What is known of the pool's GPU model."""
        return GPU_MODELS[self.model]

    @model_validator(mode="after")
    def _mig_must_fit(self) -> Self:
        if not isinstance(self.sharing, Mig):
            return self
        geometry = self.gpu.mig
        if geometry is None:
            able = [name for name, model in GPU_MODELS.items() if model.mig]
            raise refusal(
                f"{self.model} has no MIG: use strategy 'time-slicing', 'mps' or 'whole', "
                f"or one of the models {', '.join(able)}",
                given="'mig'",
                at="sharing.strategy",
            )
        mix = dict(self.sharing.profiles)
        unknown = [name for name in mix if name not in geometry.by_name]
        if unknown:
            raise refusal(
                f"{self.model} does not offer it: {or_list(unknown[0], geometry.by_name)}",
                given=", ".join(repr(name) for name in unknown),
                at="sharing.profiles",
            )
        if not geometry.fits(mix):
            raise refusal(
                f"one {self.model} cannot hold that; nearest possible is {describe(geometry.nearest(mix))}",
                given=describe(mix),
                at="sharing.profiles",
            )
        if self.sharing.layout == "single" and len(mix) > 1:
            raise refusal(
                "use 'mixed', or one profile: 'single' needs all instances of a node to be equal",
                given="'single' with " + describe(mix),
                at="sharing.layout",
            )
        return self
