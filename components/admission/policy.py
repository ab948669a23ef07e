"""A ValidatingAdmissionPolicy and its binding, as all of ours are.

Source: Kubernetes, "Validating Admission Policy".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.manifest import Manifest, kubernetes_object

_API = "admissionregistration.k8s.io/v1"

Rule = dict[str, Any]
"""One of `resourceRules`: groups, versions, resources and operations."""


def policy(
    name: str,
    rules: Sequence[Rule],
    validations: Sequence[Mapping[str, str]],
    labels: Mapping[str, str],
    *,
    constraints: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Manifest:
    """What is refused; so is what cannot be judged (`failurePolicy: Fail`). `constraints` are those of
    `matchConstraints` besides the rules, `fields` those of `spec` besides, such as `matchConditions`."""
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": list(rules), **(constraints or {})},
        "validations": [dict(one) for one in validations],
        **fields,
    }
    return kubernetes_object(_API, "ValidatingAdmissionPolicy", name, labels=labels, spec=spec)


def binding(name: str, labels: Mapping[str, str], **fields: Any) -> Manifest:
    """Refused and recorded, wherever the policy of that name looks; `fields` of `spec` can narrow it."""
    spec = {"policyName": name, "validationActions": ["Deny", "Audit"], **fields}
    return kubernetes_object(_API, "ValidatingAdmissionPolicyBinding", name, labels=labels, spec=spec)
