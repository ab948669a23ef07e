"""cert-manager in one cluster: it asks for certificates, renews them, and refuses those that nobody could sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.helm import chart, installed_in
from components.trust.cert_manager_values import NAMESPACE, chart_values
from config.catalog import CERT_MANAGER_CHART
from config.schema import ChartSettings


@dataclass(frozen=True, kw_only=True)
class CertManagerArgs:
    """`after` is what its pods need to start: the chart waits for them. `labels` are on every object."""

    charts: ChartSettings
    after: Sequence[pulumi.Resource]
    labels: Mapping[str, str]


class CertManager(Component, token="mlops:index:CertManager"):
    """Its kinds and its webhook, which every Certificate needs: the output is a name that is known once they work."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: CertManagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        installed = chart(
            self.child("controller"),
            CERT_MANAGER_CHART,
            args.charts,
            namespace=NAMESPACE,
            values=chart_values(args.labels),
            # A namespace that waits would hide the chart's objects in a preview.
            opts=self.opts(depends_on=list(args.after)),
        )
        self.namespace = installed_in(NAMESPACE, installed)
        self.register_outputs({"namespace": self.namespace})
