"""The settings of a stack: what `mlops-platform:settings` in `Pulumi.<stack>.yaml` holds."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.checks import Finding, check
from config.clusters import ClusterSettings, EksCluster, ExistingCluster, LabCluster, NetworkSettings
from config.gpu_pool import GpuPool, Mig, Mps, Sharing, TimeSlicing, WholeGpu
from config.tenants import ContainerDefaults, Quota, TenantSettings
from config.types import (
    BucketName,
    DnsLabel,
    Fqdn,
    HttpsUrl,
    OciAddress,
    Port,
    PositiveCount,
    SecretPath,
    Settings,
)

__all__ = [
    "AccessSettings",
    "ChartSettings",
    "ClusterSettings",
    "ContainerDefaults",
    "EksCluster",
    "Endpoint",
    "ExistingCluster",
    "GpuPool",
    "LabCluster",
    "Layer",
    "Mig",
    "Mps",
    "NetworkSettings",
    "PlatformSettings",
    "Quota",
    "SecretStoreSettings",
    "Sharing",
    "TenantSettings",
    "TimeSlicing",
    "TrackingSettings",
    "WholeGpu",
]

Layer = Literal["monitoring", "logging", "features"]
"""A layer that can be attached and removed without touching the core."""


class AccessSettings(Settings):
    """The identity realm that every login goes through."""

    realm: DnsLabel = "mlops-platform"
    """Name of the realm."""
    issuer: HttpsUrl | None = None
    """The realm's issuer address. Without it the platform's own Keycloak is the issuer."""


class ChartSettings(Settings):
    """Where operators' charts come from."""

    source: Literal["upstream", "mirror", "none"]
    """`upstream` installs from the projects' registries, `mirror` from yours, `none` installs nothing."""
    mirror: OciAddress | None = None
    """Address of the mirror; needed with `source: mirror`, and refused otherwise."""


class Endpoint(Settings):
    """A TCP service with TLS, by a name that its certificate can carry."""

    host: Fqdn
    """Fully qualified host name."""
    port: Port
    """TCP port."""


class TrackingSettings(Settings):
    """MLflow: its database, its artifact store and the path of their credentials in the secret store."""

    replicas: PositiveCount
    """MLflow servers per cluster."""
    database: Endpoint
    """PostgreSQL."""
    artifacts: Endpoint
    """S3, spoken to over HTTPS."""
    bucket: BucketName
    """Bucket that holds the artifacts."""
    secret_path: SecretPath = "mlflow"  # noqa: S105 - a path, not a secret
    """Where the secret store keeps the credentials: `<path>/database` and `<path>/artifacts`."""


class SecretStoreSettings(Settings):
    """The store that all secrets come from."""

    backend: Literal["vault", "openbao"]
    """Which server it is; both speak the same API."""
    mount: SecretPath = "secret"
    """Mount of the KV version 2 engine."""


class PlatformSettings(Settings):
    """A whole stack. Constructing one proves that its parts fit together."""

    clusters: Annotated[
        tuple[Annotated[ClusterSettings, Field(discriminator="kind")], ...], Field(min_length=1)
    ]
    """Every cluster of the estate."""
    tenants: Annotated[tuple[TenantSettings, ...], Field(min_length=1)]
    """Every tenant; each has its namespace in every cluster."""
    access: AccessSettings = AccessSettings()
    """The identity realm."""
    charts: ChartSettings
    """Where operators' charts come from."""
    tracking: TrackingSettings
    """MLflow."""
    secrets: SecretStoreSettings
    """The secret store."""
    layers: tuple[Layer, ...] = ()
    """Optional layers that are attached."""

    def findings(self) -> tuple[Finding, ...]:
        """What does not fit together; nothing, once the settings exist."""
        return check(
            clusters=dict(enumerate(self.clusters)),
            tenants=dict(enumerate(self.tenants)),
            charts=self.charts,
            layers=dict(enumerate(self.layers)),
        )

    @model_validator(mode="after")
    def _parts_must_fit(self) -> Self:
        findings = self.findings()
        if findings:
            raise ValueError("; ".join(str(finding) for finding in findings))
        return self
