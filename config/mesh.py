"""The service mesh: one trust domain over all clusters, and which of them see each other's services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from config import catalog
from config.closest import or_list
from config.endpoint import Endpoint
from config.types import DnsLabel, Fqdn, Settings, refusal

LARGEST_FULL = 10
"""Clusters up to which everybody watches everybody unless the settings say otherwise."""

Topology = Literal["full", "hub-and-spoke"]

IngressHost = Literal["mlflow"]
"""Applications that people reach through the mesh's ingress."""


def _known_version(value: str) -> str:
    if value not in catalog.ISTIO_VERSIONS:
        raise refusal(f"the catalogue has no charts for it: {or_list(value, catalog.ISTIO_VERSIONS)}")
    return value


IstioVersion = Annotated[str, AfterValidator(_known_version)]
"""A version whose charts are in the catalogue."""


def _several(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) != len(value):
        raise refusal("name each version once")
    return value


class MeshTelemetry(Settings):
    """Where proxies send traces and access logs."""

    collector: Endpoint = Endpoint(host="otel-collector.observability.svc.cluster.local", port=4317)
    """An OpenTelemetry collector that takes OTLP over gRPC, as a service of every cluster."""
    sampling: Annotated[float, Field(ge=0, le=100)] = 5.0
    """Percent of requests that are traced."""


class MeshSettings(Settings):
    """Istio with sidecars, a control plane in every cluster, each cluster a network of its own."""

    mesh_id: DnsLabel = "mlops"
    """Name of the mesh."""
    trust_domain: Fqdn = "cluster.local"
    """What workloads' identities begin with; the same in every cluster, so that policies speak of all of them."""
    versions: Annotated[
        tuple[IstioVersion, ...], Field(min_length=1, max_length=2), AfterValidator(_several)
    ] = (catalog.ISTIO_VERSIONS[-1],)
    """Control planes that run in each cluster: one, or two while the mesh is upgraded."""
    stable: IstioVersion | None = None
    """The one that workloads get when they start; the first of `versions` unless it is given."""
    multi_primary: bool = False
    """Whether clusters see each other's services. Without it each cluster is a mesh by itself."""
    topology: Topology | None = None
    """Who watches whom: `full`, or `hub-and-spoke` where a workload cluster sees primary ones alone and they see
    everybody. Left out, it is full up to ten clusters and hub-and-spoke above."""
    ingress_hosts: dict[IngressHost, Fqdn] = Field(default_factory=dict)
    """Host names of applications at the ingress; `<application>.<access.domain>` unless given."""
    telemetry: MeshTelemetry = MeshTelemetry()
    """Where proxies send traces and access logs."""

    @model_validator(mode="after")
    def _stable_must_run(self) -> Self:
        if self.workloads_get not in self.versions:
            remedy = (
                f"workloads can only get a version that runs: {or_list(self.workloads_get, self.versions)}"
            )
            raise refusal(remedy, given=repr(self.stable), at="stable")
        return self

    @property
    def workloads_get(self) -> str:
        """The version that injected proxies have."""
        return self.stable or self.versions[0]


def revision(version: str) -> str:
    """The name of a version's control plane: Istio allows no dots in it."""
    return version.replace(".", "-")


def chosen_topology(mesh: MeshSettings, clusters: int) -> Topology:
    """The topology of the settings, or the one that fits that many clusters."""
    return mesh.topology or ("full" if clusters <= LARGEST_FULL else "hub-and-spoke")


def peers(mesh: MeshSettings, roles: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Of each cluster the ones that it watches, in the order of `roles` (role by cluster).

    With n clusters of which h are primary that is n(n-1) in all, or h(h-1) + 2h(n-h) with hub-and-spoke.
    """
    if not mesh.multi_primary:
        return dict.fromkeys(roles, ())
    full = chosen_topology(mesh, len(roles)) == "full"
    return {
        name: tuple(other for other in roles if other != name and (full or "primary" in (role, roles[other])))
        for name, role in roles.items()
    }


def newest(versions: Sequence[str]) -> str:
    """Of control planes that run together the one whose definitions and node agent serve all."""
    return max(versions, key=catalog.ISTIO_VERSIONS.index)
