"""Cilium in one cluster: pods' addresses, Services, encryption between nodes and what is seen of the traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.helm import chart, installed_in
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.network.cilium_values import API_SERVER, CiliumSettings, chart_values
from components.network.cluster_mesh import reached
from config.catalog import CILIUM_CHART
from config.schema import ChartSettings

NAMESPACE = NamespaceRef(name="kube-system", ready="kube-system")
"""There with the cluster, and what runs in it gets precedence."""


@dataclass(frozen=True, kw_only=True)
class CiliumArgs:
    """`api_host` is the API server's host name; None where kubeadm publishes it. `wait` is False where no node is
    ready before: there it would wait for itself. `after` is what its pods have to find when they are made. `labels`
    are on every object."""

    settings: CiliumSettings
    api_host: pulumi.Input[str] | None
    charts: ChartSettings
    wait: bool
    after: Sequence[pulumi.Resource]
    labels: Mapping[str, str]


class Cilium(Component, token="mlops:index:Cilium"):
    """The agent of every node and their operator, which also brings the kinds of Cilium's policies.

    The output is a name that is known once all objects are there.
    """

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: CiliumArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        if args.api_host is not None:
            part(self, "api-server", api_server(args.api_host, args.labels))
        installed = chart(
            self.child("agent"),
            CILIUM_CHART,
            args.charts,
            namespace=NAMESPACE.name,
            values=chart_values(args.settings, args.labels),
            # No value says so, and one that is unknown would hide the chart's objects.
            opts=self.opts(depends_on=list(args.after)),
            wait=args.wait,
        )
        self.namespace = installed_in(NAMESPACE.name, installed)
        if args.settings.mesh is not None:
            home = NamespaceRef(name=NAMESPACE.name, ready=self.namespace)
            part(self, "cluster-mesh", reached(args.settings.mesh, home, args.labels))
        self.register_outputs({"namespace": self.namespace})


def api_server(host: pulumi.Input[str], labels: Mapping[str, str]) -> Manifest:
    """Where agents find the API server before there are Services."""
    return kubernetes_object(
        "v1", "ConfigMap", API_SERVER, namespace=NAMESPACE, labels=labels, data={"host": host}
    )
