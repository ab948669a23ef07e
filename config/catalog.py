"""Every version, image and digest of the platform: the only module that may hold a version literal.

A digest is what at least two independent projects state for that name, or what the project's own repository gives,
unless its line says otherwise; where none is known it is None, and `mlops catalog` says so.
"""

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

ISTIO_HUB = "docker.io/istio"
"""Where the mesh's own images come from. Istio's other registries close in December 2026 (istio.io, "An update on our
move to AWS")."""

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

    `digest` is the one of the index, which has every platform. It is None where nobody states it, and of our own
    images until they are built: SC-03 (images by digest) is advisory in dev for that reason, and in prod they are
    exempt by name.
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
    tag="0.160.0",
    digest="sha256:76d7a04f2291da1d8b7ce259468d09f0f9f44f71f67a5737539f64ca82b5bdb1",
)
"""OpenTelemetry's collector with the receivers for Kubernetes."""

KEYCLOAK_IMAGE = Image(
    repository="quay.io/keycloak/keycloak",
    tag=KEYCLOAK,
    digest="sha256:ff4257d0d64efbe99ed1ddfaf07765cc3c36dc7518bf8324d41961327f441c54",
)
VAULT_IMAGE = Image(
    repository="docker.io/hashicorp/vault",
    tag=VAULT,
    digest="sha256:5be49781ecf78bfe775c5309c6a4d9f4e9e040b6c885c99eb2b12fb69855e1a2",
)
OPENBAO_IMAGE = Image(
    repository="quay.io/openbao/openbao",
    tag=OPENBAO,
    digest="sha256:11fd73a2102cda9c55d5d881a8c3210303146a7ec1e8ac76f526e175c6d24641",
)
CERT_MANAGER_IMAGE = Image(
    repository="quay.io/jetstack/cert-manager-controller",
    tag=f"v{CERT_MANAGER}",
    digest="sha256:416a2d76870d996460e62bd7f521bf14fa017be9e3e904aab92163a331fcb61a",
)
CERT_MANAGER_WEBHOOK_IMAGE = Image(
    repository="quay.io/jetstack/cert-manager-webhook",
    tag=f"v{CERT_MANAGER}",
    digest="sha256:d8b3961b51c8c7320633f8208dc46bf88aa13804d0f7cbe48a096b2c523cee42",
)
CERT_MANAGER_CAINJECTOR_IMAGE = Image(
    repository="quay.io/jetstack/cert-manager-cainjector",
    tag=f"v{CERT_MANAGER}",
    digest="sha256:ccf6b919ec0500745a47a910118f834f9636d0aac1ff221245cd2557ed8c7c98",
)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart at an exact version, in the repository that its project publishes it in.

    `digest` is what the repository itself knows it by: in a registry (`oci://`) that of its manifest (OCI distribution
    spec), elsewhere that of its archive, as in the repository's index.
    """

    name: str
    version: str
    repository: str
    digest: str


VAULT_CHART = Chart(
    name="vault",
    version="0.34.1",
    repository="https://helm.releases.hashicorp.com",
    digest="sha256:df4c37fac32496892ff1e1d6fd7954d3a402cc7b1b2b4c2226af11b8a57564c4",
)
OPENBAO_CHART = Chart(
    name="openbao",
    version="0.29.2",
    repository="https://openbao.github.io/openbao-helm",
    digest="sha256:dc6c523aa895eb65b25aa31ad370d2facefb709d27d8020cec4177ac1524bea4",
)
GPU_OPERATOR_CHART = Chart(
    name="gpu-operator",
    version="v26.7.0",
    repository="https://nvidia.github.io/gpu-operator/stable",
    digest="sha256:bf6b04c16ff7cbc05720ea4b94187217316f9d869d445cfbde4fe0dffabe2557",
)
"""NVIDIA's other repository has another archive under the same version."""

KUEUE_CHART = Chart(
    name="kueue",
    version="0.19.2",
    repository="oci://registry.k8s.io/kueue/charts",
    digest="sha256:ab436c33ef6c6b9b9e95b633e618bca0e0e436d6581d3b27bd12fc8a8026ab34",
)
KARPENTER_CHART = Chart(
    name="karpenter",
    version="1.14.0",
    repository="oci://public.ecr.aws/karpenter",
    digest="sha256:4c1e3a9e158e59e2c30ef76ca0c2bf72ecf6d3a7f25c5c9b06d0bf47cfeec745",
)
"""Stated by one project."""

LOAD_BALANCER_CHART = Chart(
    name="aws-load-balancer-controller",
    version="3.5.0",
    repository="https://aws.github.io/eks-charts",
    digest="sha256:45051f634b33e10baccb3354d0681b7de787c60445e599fa276e0c9aedd4ccd5",
)
EXTERNAL_SECRETS_CHART = Chart(
    name="external-secrets",
    version="2.9.0",
    repository="https://charts.external-secrets.io",
    digest="sha256:da2d5c126a103b4c1b16a9dc1c168c4332a3687144e88ac070e594f81a0b6578",
)
CILIUM_CHART = Chart(
    name="cilium",
    version=CILIUM,
    repository="https://helm.cilium.io",
    digest="sha256:b2afd87b7f75f875f92a14559f14f59b7babbb479d968e3fd625a20bf30ec20e",
)
CERT_MANAGER_CHART = Chart(
    name="cert-manager",
    version=f"v{CERT_MANAGER}",
    repository="https://charts.jetstack.io",
    digest="sha256:c27101f3f3e2349fb4a9e704316105bf7b52ad73b8c8257d3498ef7f2f6a4adc",
)
_ISTIO_DIGESTS = {
    "1.31.1": {
        "base": "sha256:6a5f3a628e31ea03994f5c8ff44804fcec54ac1b13893f1a3f3c26340c8f2015",
        "istiod": "sha256:d49e3ac3100e9c24efbd3a7c26e8e6dd707431f8c06f203182ba54a2e8651a74",
        "cni": "sha256:e7cfcbd6842f0b23026dc81bd99edd0e5da87d9f5e2e75b45a2dc2a69f873127",
    },
}
"""That of `cni` is stated by one project, whose other two are confirmed."""

ISTIO_VERSIONS = tuple(_ISTIO_DIGESTS)
"""Control planes that the mesh may run, oldest first; two stand here while it is upgraded."""

ISTIO_CHARTS = {
    (name, version): Chart(
        name=name, version=version, repository="https://blob.istio.io/istio-release/charts", digest=digest
    )
    for version, digests in _ISTIO_DIGESTS.items()
    for name, digest in digests.items()
}
"""Charts of the mesh by name and version."""


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """Custom kinds that their project publishes as one file and in no chart."""

    name: str
    version: str
    address: str
    digest: str
    """Of the file."""

    @property
    def file(self) -> str:
        """What the file is called in a mirror."""
        return f"{self.name}-{self.version}.yaml"


GATEWAY_API_DEFINITIONS = Definitions(
    name="gateway-api",
    version=GATEWAY_API,
    address=f"https://github.com/kubernetes-sigs/gateway-api/releases/download/v{GATEWAY_API}/standard-install.yaml",
    digest="sha256:24d931f22abd8e40c973264319ead7cfa09d0fb7716b7ab1ee2ff174cb063a73",
)
