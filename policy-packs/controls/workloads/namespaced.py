"""WL-12. Source: CIS 5.7.4. A kind that this table does not know may leave its namespace out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import EVERY_OBJECT, Control, Severity
from controls.fields import Unproved
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings

_DEFAULT: Final = "default"

NAMESPACED: Final = frozenset(
    {
        *KINDS,
        "ConfigMap",
        "Endpoints",
        "LimitRange",
        "PersistentVolumeClaim",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
        "HorizontalPodAutoscaler.autoscaling",
        "Ingress.networking.k8s.io",
        "Lease.coordination.k8s.io",
        "EndpointSlice.discovery.k8s.io",
        "NetworkPolicy.networking.k8s.io",
        "PodDisruptionBudget.policy",
        "Role.rbac.authorization.k8s.io",
        "RoleBinding.rbac.authorization.k8s.io",
        "Certificate.cert-manager.io",
        "CiliumNetworkPolicy.cilium.io",
        "ExternalSecret.external-secrets.io",
        "InferenceService.serving.kserve.io",
        "Issuer.cert-manager.io",
        "SecretStore.external-secrets.io",
    }
)
NAMESPACED_GROUPS: Final = frozenset({"networking.istio.io", "security.istio.io", "telemetry.istio.io"})
"""API groups whose kinds all live in a namespace."""

_CLUSTER_WIDE: Final = frozenset(
    {
        "APIService.apiregistration.k8s.io",
        "AdmissionCheck.kueue.x-k8s.io",
        "CSIDriver.storage.k8s.io",
        "CertificateSigningRequest.certificates.k8s.io",
        "CiliumCIDRGroup.cilium.io",
        "CiliumEgressGatewayPolicy.cilium.io",
        "CiliumL2AnnouncementPolicy.cilium.io",
        "CiliumLoadBalancerIPPool.cilium.io",
        "CiliumPodIPPool.cilium.io",
        "Cohort.kueue.x-k8s.io",
        "CustomResourceDefinition.apiextensions.k8s.io",
        "DeletingPolicy.policies.kyverno.io",
        "DeviceClass.resource.k8s.io",
        "EC2NodeClass.karpenter.k8s.aws",
        "FlowSchema.flowcontrol.apiserver.k8s.io",
        "GatewayClass.gateway.networking.k8s.io",
        "GeneratingPolicy.policies.kyverno.io",
        "ImageValidatingPolicy.policies.kyverno.io",
        "IngressClass.networking.k8s.io",
        "IngressClassParams.elbv2.k8s.aws",
        "MultiKueueCluster.kueue.x-k8s.io",
        "MultiKueueConfig.kueue.x-k8s.io",
        "MutatingAdmissionPolicy.admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "MutatingPolicy.policies.kyverno.io",
        "MutatingWebhookConfiguration.admissionregistration.k8s.io",
        "NVIDIADriver.nvidia.com",
        "Namespace",
        "NodeClaim.karpenter.sh",
        "NodeFeatureRule.nfd.k8s-sigs.io",
        "NodeOverlay.karpenter.sh",
        "NodePool.karpenter.sh",
        "PersistentVolume",
        "PriorityClass.scheduling.k8s.io",
        "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
        "ProvisioningRequestConfig.kueue.x-k8s.io",
        "ResourceFlavor.kueue.x-k8s.io",
        "RuntimeClass.node.k8s.io",
        "StorageClass.storage.k8s.io",
        "Topology.kueue.x-k8s.io",
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "ValidatingPolicy.policies.kyverno.io",
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
        "VolumeSnapshotClass.snapshot.storage.k8s.io",
        "VolumeSnapshotContent.snapshot.storage.k8s.io",
        "WorkloadPriorityClass.kueue.x-k8s.io",
    }
)
"""Kinds that are in no namespace, of Kubernetes itself and of what platforms install; so is every kind whose name
begins with `Cluster`."""
_BUNDLES: Final = frozenset({"helm.sh", "yaml", "kustomize"})
"""Groups of Pulumi's own, which stand for many objects. For them and for kinds that are in no namespace a provider
that cannot ask a cluster fills in `default`."""


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.type in _CLUSTER_WIDE or item.kind.startswith("Cluster") or item.group in _BUNDLES:
        return
    namespace = item.metadata.value("namespace")
    if namespace == _DEFAULT:
        yield "metadata.namespace is default; name a namespace of its own"
    elif namespace is Unproved.MALFORMED or (
        namespace is not None and not isinstance(namespace, str | Unproved)
    ):
        yield "metadata.namespace has the wrong type; name a namespace"
    elif namespace in (None, "") and (item.type in NAMESPACED or item.group in NAMESPACED_GROUPS):
        yield "metadata.namespace is not set; name a namespace other than default"


BAD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
"""

GOOD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: team}
"""

CONTROL = Control(
    id="WL-12",
    title="Namespaced objects name a namespace, and it is not default",
    severity=Severity.MEDIUM,
    anchors=("CIS 5.7.4", "CKV_K8S_21"),
    why="The default namespace has no policies, quotas or owner; whoever forgets a namespace lands there.",
    fix="Set metadata.namespace to a namespace that the program makes.",
    bad=BAD,
    good=GOOD,
    kinds=(EVERY_OBJECT,),
    check=check,
)
