"""Every version, image and digest of the platform: the only module that may hold a version literal."""

from __future__ import annotations

from dataclasses import dataclass

KUBERNETES = "1.36.3"
"""Control-plane version of the lab (API server, controller manager, scheduler)."""

EKS_VERSION = KUBERNETES.rpartition(".")[0]
"""Kubernetes of EKS clusters: EKS names minor versions and patches them itself."""

POD_SECURITY_VERSION = "v1.36"
"""Version of the Pod Security Standards that namespaces pin; never ahead of the oldest cluster in a stack."""

EKS_POD_IDENTITY_AGENT = "v1.3.10-eksbuild.3"
EKS_COREDNS = "v1.14.3-eksbuild.16"
EKS_EBS_CSI = "v1.64.0-eksbuild.1"
"""Add-ons of EKS; `aws eks describe-addon-versions --kubernetes-version` lists what a version takes."""

NODE_IMAGE = "al2023@v20260903"
"""Release of the EKS-optimised Amazon Linux that Karpenter's nodes boot; those with GPUs get its NVIDIA variant."""

ETCD = "3.6.8"
KWOK = "0.8.0"

MINIO = "v0.0.0-20260212201848-7aac2a2c5b7c"
"""Go pseudo-version of the last state of MinIO's module: the community edition has no newer tagged one."""

KEYCLOAK = "26.7.3"
VAULT = "2.0.4"
OPENBAO = "2.6.2"
CILIUM = "1.20.2"
CERT_MANAGER = "1.21.1"

EXTERNAL_SECRETS_CRDS = "1.3.2"
"""Newest external-secrets module whose CRDs serve `external-secrets.io/v1` and that the Go proxy has."""

ISTIO_API = "1.31.1"
"""Module `istio.io/api`, whose CRDs of the mesh the lab serves."""

ISTIO_VERSIONS = ("1.31.1",)
"""Control planes that the mesh may run, oldest first; two stand here while it is upgraded."""

ISTIO_HUB = "registry.istio.io/release"
"""Where the mesh's own images come from."""

GATEWAY_API = "1.6.1"
"""Module `sigs.k8s.io/gateway-api`, standard channel."""

MLFLOW = "3.17.2"

NVIDIA_DRIVER = "595.91.07"
"""Driver of GPU operator 26.7: what simulated GPU nodes report in `nvidia.com/cuda.driver-version.*`."""

NVIDIA_CUDA = "13.2"
"""CUDA version of `NVIDIA_DRIVER`, in the `nvidia.com/cuda.runtime-version.*` labels."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """A container image. With a digest the reference is immutable; the tag then only informs the reader.

    `digest` is None where no registry could be asked for it when the catalogue was written; policy SC-03
    (images by digest) is advisory in dev for that reason, and prod fills it in before it goes live.
    """

    repository: str
    tag: str
    digest: str | None = None

    @property
    def reference(self) -> str:
        """`repository:tag`, or `repository:tag@digest` when the digest is known."""
        suffix = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}:{self.tag}{suffix}"


MLFLOW_IMAGE = Image(repository="ghcr.io/mlflow/mlflow", tag=f"v{MLFLOW}-full")
"""The `-full` image carries the PostgreSQL driver and boto3; the plain one does not. It names no user, so a
pod has to name one that is not root."""

TRACKING_GATE_IMAGE = Image(repository="ghcr.io/mlops-platform/tracking-gate", tag="0.1.0")
"""Ours: services/tracking_gate."""

GPU_GUARD_IMAGE = Image(repository="ghcr.io/mlops-platform/gpu-guard", tag="0.1.0")
"""Ours: services/gpu_guard."""

GPU_HOURS_IMAGE = Image(repository="ghcr.io/mlops-platform/gpu-hours", tag="0.1.0")
"""Ours: services/gpu_hours."""

COLLECTOR_IMAGE = Image(
    repository="ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s",
    tag="0.158.0",
)
"""OpenTelemetry's collector with the receivers for Kubernetes."""

KEYCLOAK_IMAGE = Image(repository="quay.io/keycloak/keycloak", tag=KEYCLOAK)
VAULT_IMAGE = Image(repository="docker.io/hashicorp/vault", tag=VAULT)
OPENBAO_IMAGE = Image(repository="quay.io/openbao/openbao", tag=OPENBAO)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart at an exact version, in the repository that its project publishes it in."""

    name: str
    version: str
    repository: str


VAULT_CHART = Chart(name="vault", version="0.34.1", repository="https://helm.releases.hashicorp.com")
OPENBAO_CHART = Chart(name="openbao", version="0.29.2", repository="https://openbao.github.io/openbao-helm")
GPU_OPERATOR_CHART = Chart(
    name="gpu-operator", version="v26.7.0", repository="https://helm.ngc.nvidia.com/nvidia"
)
KUEUE_CHART = Chart(name="kueue", version="0.19.2", repository="oci://registry.k8s.io/kueue/charts")
KARPENTER_CHART = Chart(name="karpenter", version="1.14.0", repository="oci://public.ecr.aws/karpenter")
LOAD_BALANCER_CHART = Chart(
    name="aws-load-balancer-controller", version="3.5.0", repository="https://aws.github.io/eks-charts"
)
EXTERNAL_SECRETS_CHART = Chart(
    name="external-secrets", version="2.9.0", repository="https://charts.external-secrets.io"
)
CILIUM_CHART = Chart(name="cilium", version=CILIUM, repository="https://helm.cilium.io")
CERT_MANAGER_CHART = Chart(
    name="cert-manager", version=f"v{CERT_MANAGER}", repository="https://charts.jetstack.io"
)
ISTIO_CHARTS = {
    (name, version): Chart(
        name=name, version=version, repository="https://istio-release.storage.googleapis.com/charts"
    )
    for version in ISTIO_VERSIONS
    for name in ("base", "istiod", "cni")
}
"""Charts of the mesh by name and version."""


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """Custom kinds that their project publishes as one file and in no chart."""

    name: str
    version: str
    address: str

    @property
    def file(self) -> str:
        """What the file is called in a mirror."""
        return f"{self.name}-{self.version}.yaml"


GATEWAY_API_DEFINITIONS = Definitions(
    name="gateway-api",
    version=GATEWAY_API,
    address=f"https://github.com/kubernetes-sigs/gateway-api/releases/download/v{GATEWAY_API}/standard-install.yaml",
)
