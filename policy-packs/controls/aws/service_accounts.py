"""AW-04. Sources: CIS EKS 5.2.1; EKS, "IAM roles for service accounts": trust by `sub` and `aud`, both exact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.aws.policy_documents import Statement, statements
from controls.control import Control, Severity
from controls.fields import quoted, text
from controls.item import Item
from controls.serving.model_access import ROLE_ARN
from controls.settings import Settings
from controls.stack import Stack, where

_ROLE: Final = "aws:iam/role:Role"
_SUBJECT: Final = re.compile(r"system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)", re.ASCII)
_AUDIENCE: Final = "sts.amazonaws.com"


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    accounts: dict[tuple[str, str], list[Item]] = {}
    for account in stack.of("ServiceAccount"):
        accounts.setdefault((where(account)[1], account.name), []).append(account)
    for role in stack.of(_ROLE):
        for statement in statements(role.fields.value("assumeRolePolicy")):
            if statement.allows and _by_cluster(statement):
                for message in _trust(statement, role, accounts, stack.hidden_namespaces):
                    yield role, f"assumeRolePolicy {message}"


def _by_cluster(statement: Statement) -> bool:
    """Whether it trusts the tokens of a cluster's own issuer."""
    return statement.fields.unproved is None and any(
        "oidc-provider/" in text(one) for one in statement.principals
    )


def _trust(
    statement: Statement, role: Item, accounts: dict[tuple[str, str], list[Item]], hidden: frozenset[str]
) -> Iterator[str]:
    exact: dict[str, list[object]] = {"sub": [], "aud": []}
    for operator, key, values in statement.conditions():
        name = key.rpartition(":")[2]
        if name in exact and operator == "StringEquals":
            exact[name] += values
    if exact["aud"] != [_AUDIENCE]:
        yield f"does not ask for aud by StringEquals; name {_AUDIENCE}"
    if not exact["sub"]:
        yield "does not ask for sub by StringEquals; name the ServiceAccount"
    for subject in exact["sub"]:
        found = _SUBJECT.fullmatch(subject) if isinstance(subject, str) else None
        if found is None:
            yield "names no exact ServiceAccount as sub; write namespace and name"
            continue
        items = accounts.get((found[1], found[2]), [])
        name = role.given_name
        if not items and found[1] in hidden:
            continue
        if not items:
            yield f"names {quoted(subject)}, which the stack does not declare; declare it"
        elif not any(text(one.annotations.value(ROLE_ARN)).rpartition("/")[2] == name for one in items):
            yield f"names {quoted(subject)}, which does not carry this role in {ROLE_ARN}; annotate it"


_STATEMENT = """\
        - Effect: Allow
          Action: sts:AssumeRoleWithWebIdentity
          Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/oidc.eks.example/id/1"}
"""

_ACCOUNT = f"""\
- apiVersion: v1
  kind: ServiceAccount
  metadata: {{name: app, namespace: team, annotations: {{{ROLE_ARN}: "arn:aws:iam::123456789012:role/app"}}}}
- type: {_ROLE}
  name: app
  properties:
    name: app
    assumeRolePolicy:
      Statement:
{_STATEMENT}"""

BAD = f"""\
{_ACCOUNT}          Condition:
            StringLike: {{"oidc.eks.example/id/1:sub": "system:serviceaccount:team:*"}}
            StringEquals: {{"oidc.eks.example/id/1:aud": {_AUDIENCE}}}
"""

GOOD = f"""\
{_ACCOUNT}          Condition:
            StringEquals:
              "oidc.eks.example/id/1:sub": system:serviceaccount:team:app
              "oidc.eks.example/id/1:aud": {_AUDIENCE}
"""

CONTROL = Control(
    id="AW-04",
    title=(
        "IRSA trust: StringEquals on sub and aud, no `*`; the ServiceAccount exists and carries the matching role "
        "annotation"
    ),
    severity=Severity.CRITICAL,
    anchors=("CIS EKS 5.2.1", "Kyverno require-aws-node-irsa"),
    why="A loose trust lets every pod of the cluster, or of a namespace, take the role.",
    fix="Name one ServiceAccount as sub and sts.amazonaws.com as aud, by StringEquals, and annotate that account.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
