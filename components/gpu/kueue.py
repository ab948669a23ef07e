"""Kueue in one cluster: jobs wait until their team's quota has room for all of their pods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.gpu.kueue_values import APP, NAMESPACE, VISIBILITY_PORT, WEBHOOK_PORT, chart_values
from components.helm import chart
from components.isolation.closed_namespace import closed_namespace
from components.labels import Owner, labels, owner_labels
from components.manifest import Manifest, NamespaceRef, known_after, part
from components.network.api_server import api_server_egress, api_server_ingress
from config.catalog import KUEUE_CHART
from config.gpu_settings import GpuSettings
from config.schema import ChartSettings


@dataclass(frozen=True, kw_only=True)
class KueueArgs:
    """`namespaces` are those whose jobs and pods are queued, `resources` what the pools offer."""

    namespaces: Sequence[str]
    resources: Sequence[str]
    settings: GpuSettings
    charts: ChartSettings
    owner: Owner


class Kueue(Component, token="mlops:index:Kueue"):
    """The manager by its chart, in a closed namespace. `installed` brings Kueue's kinds and answers its webhooks; None
    where no charts are installed."""

    def __init__(self, name: str, args: KueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels(APP, "gpu", args.owner)
        namespace = closed_namespace(self, NAMESPACE, common)
        ways = [
            part(self, "api-server", api_server_egress(APP, namespace)),
            part(self, "webhook", webhook_ingress(namespace, common)),
        ]
        self.installed = chart(
            self.child("manager"),
            KUEUE_CHART,
            args.charts,
            namespace=known_after(namespace.ready, ways),
            values=chart_values(args.namespaces, args.resources, args.settings, owner_labels(args.owner)),
            opts=self.opts(),
        )
        self.register_outputs({})


def webhook_ingress(namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """The API server asks the manager about every job of a tenant, and about what waits in a queue."""
    ports = (WEBHOOK_PORT, VISIBILITY_PORT)
    return api_server_ingress(f"{APP}-from-api-server", APP, namespace, ports, common)
