"""The custom kinds of the mesh and of external-secrets: definitions alone, and nothing that runs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.base import Component
from components.helm import chart, definitions
from components.manifest import known_after
from components.mesh.istiod_values import base_values
from components.mesh.names import SYSTEM
from components.secrets.operator_values import definitions_values
from components.secrets.secret_store import OPERATOR
from config import catalog
from config.schema import ChartSettings


@dataclass(frozen=True, kw_only=True)
class CustomKindsArgs:
    """`newest` is the newest of the mesh's control planes, whose definitions serve older ones too; `stable` the one
    that validates."""

    newest: str
    stable: str
    charts: ChartSettings


class CustomKinds(Component, token="mlops:index:CustomKinds"):
    """Everything that has objects of these kinds comes after this: the output is known once they are there."""

    ready: pulumi.Output[str]

    def __init__(self, name: str, args: CustomKindsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        made = (
            chart(
                self.child("istio"),
                catalog.ISTIO_CHARTS["base", args.newest],
                args.charts,
                namespace=SYSTEM,
                values=base_values(args.stable),
                opts=self.opts(),
            ),
            chart(
                self.child("external-secrets"),
                catalog.EXTERNAL_SECRETS_CHART,
                args.charts,
                namespace=OPERATOR,
                values=definitions_values(),
                opts=self.opts(),
            ),
            definitions(self.child("gateway-api"), catalog.GATEWAY_API_DEFINITIONS, args.charts, self.opts()),
        )
        self.ready = known_after(name, [one.urn for one in made if one is not None])
        self.register_outputs({"ready": self.ready})
