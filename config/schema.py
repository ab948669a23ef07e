"""The settings of a stack: what `mlops-platform:settings` in `Pulumi.<stack>.yaml` holds."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from config.checks import Finding, check
from config.clusters import ClusterSettings, EksCluster, ExistingCluster, LabCluster, NetworkSettings
from config.data_access import BUCKET
from config.endpoint import BaseUrl, Endpoint
from config.gpu_checks import gpu_findings
from config.gpu_pool import GpuPool, Mig, Mps, Sharing, TimeSlicing, WholeGpu
from config.gpu_settings import GpuSettings
from config.identity import AccessSettings, KeycloakServer, Lifetimes, UserSettings
from config.images import ImageSettings
from config.mesh import MeshSettings
from config.network_checks import network_findings
from config.network_settings import PlatformNetwork
from config.outside import Outside
from config.secret_paths import SecretMount, SecretPath
from config.tenants import ContainerDefaults, Quota, TenantSettings
from config.types import (
    Authority,
    AwsRegion,
    AwsRole,
    BucketName,
    DnsLabel,
    HttpsUrl,
    OciAddress,
    PositiveCount,
    Quantity,
    Settings,
)

__all__ = [
    "AccessSettings",
    "AwsKmsSeal",
    "ChartSettings",
    "ClusterSettings",
    "ContainerDefaults",
    "DataSettings",
    "EksCluster",
    "Endpoint",
    "ExistingCluster",
    "GpuPool",
    "GpuSettings",
    "ImageSettings",
    "KeycloakServer",
    "LabCluster",
    "Layer",
    "Lifetimes",
    "MeshSettings",
    "Mig",
    "Mps",
    "NetworkSettings",
    "PlatformNetwork",
    "PlatformSettings",
    "Quota",
    "SecretBackend",
    "SecretServer",
    "SecretStoreSettings",
    "Sharing",
    "TenantSettings",
    "TimeSlicing",
    "TrackingSettings",
    "UserSettings",
    "WholeGpu",
]

SecretBackend = Literal["vault", "openbao"]
"""Servers that speak the secret store's API."""

Layer = Literal["monitoring", "logging", "features"]
"""A layer that can be attached and removed without touching the core."""


class ChartSettings(Settings):
    """Where operators' charts come from."""

    source: Literal["upstream", "mirror", "none"]
    """`upstream` installs from the projects' registries, `mirror` from yours, `none` installs nothing."""
    mirror: OciAddress | None = None
    """Address of the mirror; needed with `source: mirror`, and refused otherwise."""
    definitions: HttpsUrl | None = None
    """Where a mirror has files of definitions, such as `gateway-api-1.6.1.yaml`. Without it they are in each cluster
    before `up`. Refused but with `source: mirror`."""


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


class DataSettings(Settings):
    """The data sets' object store."""

    endpoint: Endpoint
    """S3, spoken to over HTTPS."""
    bucket: BucketName = BUCKET
    """Bucket of the data sets."""


class AwsKmsSeal(Settings):
    """The server opens itself with a key of AWS KMS, by the identity of its pods."""

    region: AwsRegion
    """AWS region of the key."""
    key_id: Annotated[str, Field(min_length=1, max_length=2048)]
    """Id, alias or ARN of the key."""
    role: AwsRole
    """ARN of the IAM role that the server's ServiceAccount takes to use the key."""


class SecretServer(Settings):
    """A Vault or OpenBao that this program runs, on the first primary cluster."""

    replicas: Literal[1, 3, 5] = 3
    """Members of the raft cluster."""
    storage: Quantity = "20Gi"
    """Volume of each member; the audit log has another one of that size."""
    storage_class: DnsLabel
    """StorageClass of the volumes; an encrypted one."""
    seal: AwsKmsSeal
    """What opens it after a restart."""


class SecretStoreSettings(Settings):
    """The store that all secrets come from."""

    backend: SecretBackend
    """Which server it is; both speak the same API."""
    address: BaseUrl
    """Its address, as this program and users see it."""
    authority: Authority | None = None
    """PEM text of who signs its certificate (not a secret); left out for a public authority."""
    mount: SecretMount = "secret"
    """Mount of the KV version 2 engine."""
    server: SecretServer | None = None
    """The server itself, if this program is to run it; left out, the one at `address` is used as it is."""


class PlatformSettings(Settings):
    """A whole stack. Constructing one proves that its parts fit together."""

    clusters: Annotated[
        tuple[Annotated[ClusterSettings, Field(discriminator="kind")], ...], Field(min_length=1)
    ]
    """Every cluster of the estate."""
    tenants: Annotated[tuple[TenantSettings, ...], Field(min_length=1)]
    """Every tenant; each has its namespace in every cluster."""
    access: AccessSettings
    """The identity realm."""
    charts: ChartSettings
    """Where operators' charts come from."""
    tracking: TrackingSettings
    """MLflow."""
    data: DataSettings
    """The data sets."""
    secrets: SecretStoreSettings
    """The secret store."""
    gpu: GpuSettings = GpuSettings()
    """GPUs of all clusters."""
    network: PlatformNetwork = PlatformNetwork()
    """The network below the mesh, and the mesh's root."""
    mesh: MeshSettings = MeshSettings()
    """The service mesh."""
    images: ImageSettings = ImageSettings()
    """Images of tenants' pods."""
    layers: tuple[Layer, ...] = ()
    """Optional layers that are attached."""
    _outside: Outside = PrivateAttr(default=Outside())

    @property
    def platform(self) -> TenantSettings:
        """The platform's own tenant, of which there is exactly one."""
        return next(tenant for tenant in self.tenants if tenant.purpose == "platform")

    @property
    def outside(self) -> Outside:
        """Where names of the lab answer; it says nothing for any other stack."""
        return self._outside

    def with_outside(self, outside: Outside) -> Self:
        """The same settings with the running lab's addresses."""
        known = self.model_copy()
        known._outside = outside
        return known

    def findings(self) -> tuple[Finding, ...]:
        """What does not fit together; nothing, once the settings exist."""
        clusters, tenants = dict(enumerate(self.clusters)), dict(enumerate(self.tenants))
        return (
            *check(
                clusters=clusters,
                tenants=tenants,
                charts=self.charts,
                layers=dict(enumerate(self.layers)),
                users=dict(enumerate(self.access.users)),
                runs_secret_store=self.secrets.server is not None,
                mesh=self.mesh,
            ),
            *network_findings(clusters, self.network),
            *gpu_findings(clusters, tenants, self.gpu),
        )

    @model_validator(mode="after")
    def _parts_must_fit(self) -> Self:
        findings = self.findings()
        if findings:
            raise ValueError("; ".join(str(finding) for finding in findings))
        return self
