"""Tenants: one namespace each, with its owner and the bounds it may use in every cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from config.types import Count, DnsLabel, LabelValue, PositiveCount, Quantity, ResourceName, Settings

TenantPurpose = Literal["platform", "dev", "training", "serving"]


class Quota(Settings):
    """The most that a tenant may request in one cluster."""

    cpu: Quantity
    """Sum of the CPU requests."""
    memory: Quantity
    """Sum of the memory requests."""
    storage: Quantity
    """Sum of the storage requests of all volume claims."""
    pods: PositiveCount
    """Pods that are not finished."""
    gpus: Mapping[ResourceName, Count] = Field(default_factory=dict)
    """GPU resources by name, such as `nvidia.com/mig-1g.10gb: 8`. A GPU resource that is not named is not
    allowed at all."""


class ContainerDefaults(Settings):
    """Requests and limits of a container that states none."""

    cpu_request: Quantity = "100m"
    memory_request: Quantity = "128Mi"
    cpu_limit: Quantity = "1"
    memory_limit: Quantity = "512Mi"


class TenantSettings(Settings):
    """One namespace of that name in every cluster."""

    name: DnsLabel
    """The namespace."""
    purpose: TenantPurpose
    """What runs there. Exactly one tenant is the platform's own."""
    team: LabelValue
    """Who owns it."""
    cost_center: LabelValue
    """Who pays for it."""
    environment: LabelValue
    """The stage it belongs to, such as `dev` or `prod`."""
    quota: Quota
    """The most that it may request in one cluster."""
    defaults: ContainerDefaults = ContainerDefaults()
    """Requests and limits of containers that state none."""
