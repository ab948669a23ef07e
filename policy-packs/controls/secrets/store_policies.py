"""SE-03. Sources: Vault documentation, "Policies"; the paths of Vault's own `default` policy are the listed reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controls.control import Control, Severity
from controls.fields import seen
from controls.item import Item
from controls.secrets.policy_language import PathRule, parse
from controls.settings import Settings

POLICY: Final = "vault:index/policy:Policy"

LISTED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "auth/token/lookup-self": frozenset({"read"}),
        "auth/token/renew-self": frozenset({"update"}),
        "auth/token/revoke-self": frozenset({"update"}),
        "sys/capabilities-self": frozenset({"update"}),
        "sys/health": frozenset({"read"}),
        "sys/internal/ui/mounts": frozenset({"read"}),
        "sys/internal/ui/mounts/*": frozenset({"read"}),
        "sys/internal/ui/resultant-acl": frozenset({"read"}),
        "sys/leases/lookup": frozenset({"update"}),
        "sys/leases/renew": frozenset({"update"}),
    }
)
"""What may be allowed below sys/ and auth/: how a login looks after itself."""

_KV2: Final = frozenset({"data", "metadata", "delete", "undelete", "destroy", "subkeys"})
"""The first part below a key-value mount of version 2, which belongs to its API."""


def check(item: Item, _: Settings) -> Iterator[str]:
    policy = item.fields.value("policy")
    if not isinstance(policy, str):
        yield f"policy {seen(policy)}; write it out"
        return
    rules = parse(policy)
    if rules is None:
        yield "policy is neither HCL nor JSON of a policy; correct it"
        return
    holder = item.given_name
    for index, rule in enumerate(rules):
        for message in _rule(rule, holder):
            yield f"path {index + 1}: {message}"


def _rule(rule: PathRule, holder: str) -> Iterator[str]:
    allowed = rule.capabilities - {"deny"}
    if "deny" in rule.capabilities or not allowed:
        return
    segments = rule.path.strip("/").split("/")
    if "*" in segments[0] or segments[0] == "+":
        yield "has a wildcard at the root; name the mount"
    if "sudo" in allowed:
        yield "allows sudo; leave it out"
    if segments[0] in {"sys", "auth"} and not allowed <= LISTED.get(rule.path, frozenset()):
        yield f"is below {segments[0]}/; leave it to the program that sets the store up"
    elif allowed & {"create", "delete"} and not _own(segments, holder):
        yield "allows create or delete in a whole mount; name the folder of the tenant"


def _own(segments: list[str], holder: str) -> bool:
    """Whether a path stays in one folder, for a tenant's policy in its own, or in a mount called for its holder."""
    exact = []
    for one in segments:
        if "*" in one or one == "+":
            break
        exact.append(one)
    folders = exact[2:] if exact[1:2] and exact[1] in _KV2 else exact[1:]
    tenant = holder.removeprefix("tenant-")
    if tenant != holder:
        return tenant in exact
    return bool(folders) or bool(exact and exact[0] in re.split(r"[/_.:]", holder)) or exact[:1] == [holder]


BAD = f"""\
type: {POLICY}
name: app
properties:
  name: app
  policy: 'path "secret/*" {{ capabilities = ["create", "read", "sudo"] }}'
"""

GOOD = f"""\
type: {POLICY}
name: app
properties:
  name: app
  policy: 'path "secret/data/app/*" {{ capabilities = ["create", "read"] }}'
"""

CONTROL = Control(
    id="SE-03",
    title=(
        "Vault policy: no `*` or `+/*` at the root, no sudo, nothing under sys/ or auth/ but the listed reads, delete "
        "and create only under the tenant's own mount prefix"
    ),
    severity=Severity.CRITICAL,
    anchors=("Vault policy docs",),
    why="A policy that reaches beyond its holder's folder reads, or destroys, the credentials of others.",
    fix="Name the mount and the folder of the holder; give each tenant a policy of its own.",
    bad=BAD,
    good=GOOD,
    kinds=(POLICY,),
    check=check,
)
