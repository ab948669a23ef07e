"""SC-04. Sources: CIS Kubernetes 5.5.1; Kyverno verifyImages and ImageValidatingPolicy; ValidatingAdmissionPolicy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import EMPTY, Fields, fields, quoted, text
from controls.item import Item
from controls.selectors import selects
from controls.settings import Settings
from controls.stack import CHARTS, Stack, Where

_ADMISSION: Final = "admissionregistration.k8s.io"
_POLICY: Final = f"ValidatingAdmissionPolicy.{_ADMISSION}"
_BINDING: Final = f"ValidatingAdmissionPolicyBinding.{_ADMISSION}"
_WEBHOOKS: Final = (
    f"ValidatingWebhookConfiguration.{_ADMISSION}",
    f"MutatingWebhookConfiguration.{_ADMISSION}",
)
_KYVERNO: Final = ("ClusterPolicy.kyverno.io", "Policy.kyverno.io")
_IMAGES: Final = (
    "ImageValidatingPolicy.policies.kyverno.io",
    "NamespacedImageValidatingPolicy.policies.kyverno.io",
)


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    yield from _open_failures(stack)
    for where, items in {**stack.opaque, **stack.bearers}.items():
        if not where[1].startswith("kube-") and not _verified(stack, where):
            namespace = stack.find("Namespace", where[1], (where[0], ""))
            yield (
                namespace or items[0],
                f"no rule verifies the images of namespace {quoted(where[1])}; put it under one that "
                "denies and fails closed",
            )


def _open_failures(stack: Stack) -> Iterator[tuple[Item, str]]:
    """Whatever lets a request pass where it cannot be judged, or only says so, but for what others' charts bring."""
    theirs = {
        chart.resource
        for chart in stack.of(*CHARTS)
        if not text(chart.fields.value("chart")).startswith((".", "/"))
    }
    for item in stack.of(*_WEBHOOKS):
        chart, colon, _ = item.resource.partition(":")
        if colon and chart in theirs:
            continue
        for index, webhook in enumerate(item.fields.entries("webhooks")):
            if webhook.value("failurePolicy") not in (None, "Fail"):
                yield item, f"webhooks[{index}].failurePolicy is not Fail; an outage lets everything pass"
    for item in stack.of(_POLICY, *_KYVERNO, *_IMAGES):
        if item.spec.value("failurePolicy") not in (None, "Fail"):
            yield item, "failurePolicy is not Fail; an outage lets everything pass"
    for item in stack.of(_BINDING):
        if "Deny" not in item.spec.values("validationActions"):
            yield item, "validationActions does not deny; add Deny"


def _verified(stack: Stack, where: Where) -> bool:
    cluster, namespace = where
    labels = _labels(stack, cluster, namespace)
    bound = {
        text(one.spec.value("policyName"))
        for one in stack.of_cluster(cluster, _BINDING)
        if "Deny" in one.spec.values("validationActions")
        and _takes(one.spec.section("matchResources"), labels)
    }
    native = (
        one.name in bound and _reads_images(one.spec) and _takes(one.spec.section("matchConstraints"), labels)
        for one in stack.of_cluster(cluster, _POLICY)
    )
    kyverno = (
        _enforces(one.spec) and (one.kind == "ClusterPolicy" or one.namespace == namespace)
        for one in stack.of_cluster(cluster, *_KYVERNO)
    )
    validating = (
        "Deny" in one.spec.values("validationActions")
        and _closed(one.spec)
        and _takes(one.spec.section("matchConstraints"), labels)
        and (one.kind == "ImageValidatingPolicy" or one.namespace == namespace)
        for one in stack.of_cluster(cluster, *_IMAGES)
    )
    return any(native) or any(kyverno) or any(validating)


def _labels(stack: Stack, cluster: str, namespace: str) -> Fields:
    """The labels of a namespace, with the one that the API server adds."""
    item = stack.find("Namespace", namespace, (cluster, ""))
    stated = item.labels if item else EMPTY
    if stated.unproved:
        return stated
    return fields({**dict(stated.present()), "kubernetes.io/metadata.name": namespace})


def _takes(match: Fields, labels: Fields) -> bool:
    return selects(match.section("namespaceSelector"), labels) is True


def _closed(spec: Fields) -> bool:
    return spec.value("failurePolicy") in (None, "Fail")


def _reads_images(spec: Fields) -> bool:
    """Whether an admission policy judges the images of pods."""
    kinds = [one.values("resources") for one in spec.section("matchConstraints").entries("resourceRules")]
    expressions = [
        text(one.value("expression")) for key in ("variables", "validations") for one in spec.entries(key)
    ]
    return (
        _closed(spec)
        and any("pods" in one or "*" in one for one in kinds)
        and any("image" in one for one in expressions)
    )


def _enforces(spec: Fields) -> bool:
    """Whether a Kyverno policy verifies signatures and refuses what has none."""
    every = text(spec.value("validationFailureAction")).lower()
    for rule in spec.entries("rules"):
        for verify in rule.entries("verifyImages"):
            action = text(verify.value("failureAction")).lower() or every
            if action == "enforce" and verify.value("required") in (None, True):
                return _closed(spec)
    return False


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers: [{name: app, image: registry.example/app}]
"""

GOOD = f"""\
{BAD}---
apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {{name: signed}}
spec:
  validationActions: [Deny]
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}}]
"""

CONTROL = Control(
    id="SC-04",
    title=(
        "Every workload namespace is under an image-verification rule (Kyverno or admission policy) that denies and "
        "fails closed; no admission webhook or binding that we author fails open"
    ),
    severity=Severity.CRITICAL,
    anchors=("CIS 5.5.1", "C-0236"),
    why="The program's own checks end where somebody else creates a pod: only admission sees every image.",
    fix="Bind a rule that verifies images, with Deny and failurePolicy Fail, to the namespaces of all workloads.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
