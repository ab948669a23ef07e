"""SC-06. Source: Kubernetes "Deprecated API Migration Guide", for a target release of 1.32 or later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controls.control import Control, Severity
from controls.fields import EMPTY
from controls.item import Item
from controls.settings import Settings

_WORKLOADS: Final = "Deployment StatefulSet DaemonSet ReplicaSet ControllerRevision"
_RBAC: Final = "ClusterRole ClusterRoleBinding Role RoleBinding"
_FLOW: Final = "FlowSchema PriorityLevelConfiguration"
_WEBHOOKS: Final = "MutatingWebhookConfiguration ValidatingWebhookConfiguration"
_REVIEWS: Final = (
    "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview"
)

_BY_VERSION: Final = (
    ("extensions/v1beta1", "DaemonSet Deployment NetworkPolicy PodSecurityPolicy ReplicaSet", "1.16"),
    ("extensions/v1beta1", "Ingress", "1.22"),
    ("apps/v1beta1", _WORKLOADS, "1.16"),
    ("apps/v1beta2", _WORKLOADS, "1.16"),
    ("batch/v2alpha1", "CronJob", "1.21"),
    ("admissionregistration.k8s.io/v1beta1", _WEBHOOKS, "1.22"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "1.22"),
    ("apiregistration.k8s.io/v1beta1", "APIService", "1.22"),
    ("authentication.k8s.io/v1beta1", "TokenReview", "1.22"),
    ("authorization.k8s.io/v1beta1", _REVIEWS, "1.22"),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "1.22"),
    ("coordination.k8s.io/v1beta1", "Lease", "1.22"),
    ("networking.k8s.io/v1beta1", "Ingress IngressClass", "1.22"),
    ("rbac.authorization.k8s.io/v1alpha1", _RBAC, "1.22"),
    ("rbac.authorization.k8s.io/v1beta1", _RBAC, "1.22"),
    ("scheduling.k8s.io/v1alpha1", "PriorityClass", "1.22"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", "1.22"),
    ("storage.k8s.io/v1beta1", "CSIDriver CSINode StorageClass VolumeAttachment", "1.22"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.25"),
    ("batch/v1beta1", "CronJob", "1.25"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", "1.25"),
    ("events.k8s.io/v1beta1", "Event", "1.25"),
    ("node.k8s.io/v1beta1", "RuntimeClass", "1.25"),
    ("policy/v1beta1", "PodDisruptionBudget PodSecurityPolicy", "1.25"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", _FLOW, "1.26"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", "1.27"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", _FLOW, "1.29"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", _FLOW, "1.32"),
)

REMOVED: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {(version, kind): release for version, kinds, release in _BY_VERSION for kind in kinds.split()}
)
"""API version and kind to the release that no longer serves it."""

_TYPES: Final = tuple(
    dict.fromkeys(Item(kind=kind, api_version=version, fields=EMPTY).type for version, kind in REMOVED)
)


def check(item: Item, _: Settings) -> Iterator[str]:
    release = REMOVED.get((item.api_version, item.kind))
    if release is not None:
        yield f"{item.api_version} {item.kind} is not served since Kubernetes {release}; use its later version"


BAD = """\
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: app, namespace: team}
"""

GOOD = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: app, namespace: team}
"""

CONTROL = Control(
    id="SC-06",
    title="No API version removed by the target Kubernetes release",
    severity=Severity.MEDIUM,
    anchors=("Gatekeeper verifydeprecatedapi", "Pulumi compliance disallowBeta*"),
    why="The API server refuses the object, in the middle of a deployment or after an upgrade that looked well.",
    fix="Write the object in the version that the migration guide names.",
    bad=BAD,
    good=GOOD,
    kinds=_TYPES,
    check=check,
)
