"""How all clusters run their GPUs: who brings the driver, and by which of Kubernetes' two ways slices are given out."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.endpoint import Endpoint
from config.types import PositiveCount, Settings, refusal


class GpuIdle(Settings):
    """When a development environment that holds a GPU does not use it; needs queues."""

    below_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = 5
    """Computing less of the time than that is idle."""
    warn_minutes: PositiveCount = 30
    """Idle for so long it is warned."""
    stop_minutes: PositiveCount = 60
    """Idle for so long, and warned, it is stopped."""

    @model_validator(mode="after")
    def _warns_first(self) -> Self:
        if self.stop_minutes <= self.warn_minutes:
            raise refusal(
                f"use more than {self.warn_minutes}, warnMinutes: nobody is stopped before a warning",
                given=str(self.stop_minutes),
                at="stopMinutes",
            )
        return self


class GpuSettings(Settings):
    """What is the same for every GPU pool of a stack."""

    driver: Literal["image", "operator"] = "image"
    """Who brings driver and container toolkit: the nodes' image (as EKS's for NVIDIA does), or the GPU operator."""
    allocation: Literal["device-plugin", "dra"] = "device-plugin"
    """How a pod asks: for an extended resource (`nvidia.com/mig-1g.10gb: 1`), or with Dynamic Resource Allocation by
    a claim. The GPU operator runs one of the two, and calls the second one experimental."""
    telemetry: Endpoint | None = None
    """An OTLP receiver (gRPC with TLS, such as `otel.example.com:4317`) for DCGM's metrics of every GPU; left out, they
    stay at the exporters."""
    idle: GpuIdle | None = None
    """Stop development environments that hold a GPU and do not use it; left out, nobody looks."""
