"""ID-03. Sources: CIS Kubernetes 5.1.8 and 5.1.11-5.1.13; CVE-2021-25740 for endpoints; RBAC good practices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.identity.rbac import GROUP, ROLES, WRITES, Rule, built_in, doubtful, rules
from controls.item import Item
from controls.settings import Settings

_BESTOWING: Final = ("escalate", "bind", "impersonate")
_ADMISSION: Final = "admissionregistration.k8s.io"
_IMPERSONATED: Final = ("users", "groups", "serviceaccounts", "userextras")

_SENSITIVE: Final = (
    *((GROUP, kind, WRITES) for kind in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")),
    *(
        (_ADMISSION, kind, WRITES)
        for kind in (
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
        )
    ),
    ("certificates.k8s.io", "certificatesigningrequests/approval", WRITES),
    ("", "serviceaccounts/token", frozenset({"create"})),
    ("", "endpoints", WRITES),
    ("discovery.k8s.io", "endpointslices", WRITES),
)
"""API group, resource and the verbs by which its holder gets further rights.

A signer's verb `approve` approves nothing without the write of the approval, which is here.
"""


def check(role: Item, _: Settings) -> Iterator[str]:
    for rule in rules(role):
        for verb in _BESTOWING:
            if _bestows(rule, verb):
                yield f"{rule.where} allows {verb}; remove the verb"
        for group, resource, verbs in _SENSITIVE:
            if rule.covers(group, resource) and rule.allows(verbs):
                yield f"{rule.where} allows writing {resource}; leave it out"
        if rule.allows(WRITES) and rule.covers("", "configmaps") and _reaches_aws_auth(role, rule):
            yield f"{rule.where} allows writing the ConfigMap kube-system/aws-auth; name the ConfigMaps meant"


def _bestows(rule: Rule, verb: str) -> bool:
    if rule.groups and not doubtful(rule.groups, lambda one: one == "*" or built_in(one)):
        return False
    return any(one == verb for one in rule.verbs) or (
        verb == "impersonate"
        and rule.allows(frozenset())
        and any(rule.covers("", kind) for kind in _IMPERSONATED)
    )


def _reaches_aws_auth(role: Item, rule: Rule) -> bool:
    if rule.named:
        return "aws-auth" in rule.names
    return role.kind == "ClusterRole" or role.namespace == "kube-system"


BAD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: operator, namespace: team}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
"""

GOOD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: operator, namespace: team}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [get, list]}
"""

CONTROL = Control(
    id="ID-03",
    title=(
        "No escalate, bind or impersonate; no write to roles, bindings, webhook or admission-policy objects, CSR "
        "approval, serviceaccounts/token, aws-auth, endpoints"
    ),
    severity=Severity.CRITICAL,
    anchors=("CIS 5.1.8", "CIS 5.1.11-5.1.13", "CKV_K8S_155-158", "CVE-2021-25740"),
    why="Each of these rights lets its holder give itself any other, or take over the traffic of others.",
    fix="Leave the right out; let the program declare roles, bindings and webhooks instead of a workload.",
    bad=BAD,
    good=GOOD,
    kinds=ROLES,
    check=check,
)
