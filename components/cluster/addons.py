"""Add-ons that every pod relies on: the agent of Pod Identity and the cluster's DNS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import eks

from components.base import Component
from components.manifest import known_after
from config.catalog import EKS_COREDNS, EKS_POD_IDENTITY_AGENT


@dataclass(frozen=True, kw_only=True)
class AddonsArgs:
    """`nodes` is known once there are nodes: DNS does not become ready without them."""

    cluster: pulumi.Output[str]
    nodes: pulumi.Output[str]


class Addons(Component, token="mlops:index:Addons"):
    """The add-ons at the catalogue's versions; what somebody changed by hand is put back.

    The agent waits for nothing: Cilium's operator has its rights by it, and no node is ready before Cilium.
    """

    def __init__(self, name: str, args: AddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        cluster = known_after(args.cluster, [args.nodes])
        eks.Addon(
            self.child("pod-identity"),
            **addon_inputs("eks-pod-identity-agent", EKS_POD_IDENTITY_AGENT),
            cluster_name=args.cluster,
            opts=self.opts(),
        )
        eks.Addon(
            self.child("dns"),
            **addon_inputs("coredns", EKS_COREDNS),
            cluster_name=cluster,
            opts=self.opts(),
        )
        self.register_outputs({})


def addon_inputs(addon: str, version: str, configuration: dict[str, Any] | None = None) -> dict[str, Any]:
    """An add-on at an exact version; `configuration` is held to the add-on's own schema by EKS."""
    inputs: dict[str, Any] = {
        "addon_name": addon,
        "addon_version": version,
        "resolve_conflicts_on_create": "OVERWRITE",
        "resolve_conflicts_on_update": "OVERWRITE",
    }
    if configuration:
        inputs["configuration_values"] = json.dumps(configuration, sort_keys=True)
    return inputs
