"""NVIDIA's GPU operator in one cluster: device plugin or DRA driver, MIG manager, feature discovery, metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.gpu.gpu_operator_values import NAMESPACE, chart_values
from components.gpu.gpu_pool import HOME
from components.helm import chart
from components.manifest import Manifest, known_after, part
from components.network.api_server import api_server_alone
from config.catalog import GPU_OPERATOR_CHART
from config.gpu_settings import GpuSettings
from config.schema import ChartSettings

APP = "gpu-operator"
"""Name of the release."""


@dataclass(frozen=True, kw_only=True)
class GpuOperatorArgs:
    """`configured` are the ConfigMaps that its parts read; `labels` are on every part that it starts on a node."""

    settings: GpuSettings
    charts: ChartSettings
    configured: Sequence[pulumi.Output[str]]
    labels: Mapping[str, str]


class GpuOperator(Component, token="mlops:index:GpuOperator"):
    """The operator by its chart."""

    def __init__(self, name: str, args: GpuOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        chart(
            self.child("chart"),
            GPU_OPERATOR_CHART,
            args.charts,
            namespace=known_after(NAMESPACE, args.configured),
            values=chart_values(args.settings, args.labels),
            opts=self.opts(),
            # It is ready only where there is a node with GPUs, and pools may scale from nothing.
            wait=False,
        )
        part(self, "traffic", traffic(args.labels))
        self.register_outputs({})


def traffic(labels: Mapping[str, str]) -> Manifest:
    """The operator and node feature discovery watch the API server; what the operator starts on nodes is no part of
    the release."""
    return api_server_alone(APP, {"app.kubernetes.io/instance": APP}, HOME, labels)
