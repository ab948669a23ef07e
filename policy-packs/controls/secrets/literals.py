"""SE-01. Sources: kubescape C-0012, Trivy KSV-0109; file paths and ${PLACEHOLDER} are no credentials."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.fields import Unproved, quoted, seen
from controls.item import Item
from controls.pods import KINDS
from controls.secrets.credentials import assigns_credential, has_credential_shape, is_literal
from controls.secrets.names import is_named_credential, mentions_credential
from controls.settings import Settings


def check(item: Item, _: Settings) -> Iterator[str]:
    return _environment(item) if item.pod is not None else _config(item)


def _environment(item: Item) -> Iterator[str]:
    for container in item.pod.containers if item.pod else ():
        for entry in container.fields.entries("env"):
            name, value = entry.value("name"), entry.value("value")
            problem = _problem(name if isinstance(name, str) else "", value)
            if problem:
                yield f"{container.where}: env {quoted(name)} {problem}; mount it from the secret store"


def _config(config: Item) -> Iterator[str]:
    data = config.fields.section("data")
    if data.unproved:
        yield f"data {seen(data.unproved)}; write it out"
    for key, value in data.present():
        problem = _problem(key, value)
        if problem is None and isinstance(value, str) and assigns_credential(value):
            problem = "assigns a literal to the name of a credential"
        if problem:
            yield f"data {quoted(key)} {problem}; keep it in the secret store"


def _problem(name: str, value: object) -> str | None:
    if isinstance(value, str) and has_credential_shape(value):
        return "has the shape of a credential"
    if not is_named_credential(name):
        number = isinstance(value, str) and value.strip().isdigit()
        if not mentions_credential(name) or number or isinstance(value, Unproved | int | float):
            return None
    if isinstance(value, Unproved):
        return f"is named like a credential and {seen(value)}"
    return "is named like a credential and written out" if is_literal(value) else None


BAD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: team}
data: {DB_PASSWORD: correct-horse}
"""

GOOD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: team}
data: {DB_PASSWORD_FILE: /var/run/secrets/db/password, DB_PASSWORD: "${DB_PASSWORD}"}
"""

CONTROL = Control(
    id="SE-01",
    title=(
        "No literal credential in env values or ConfigMap data (names and high-confidence patterns; file paths and "
        "${PLACEHOLDER} pass)"
    ),
    severity=Severity.CRITICAL,
    anchors=("C-0012", "KSV-0109", "Polaris sensitive*"),
    why="What stands in a manifest is in the repository, the plan, the state and every backup, for good.",
    fix="Keep the credential in the secret store and mount it as a file; rotate the one that was written down.",
    bad=BAD,
    good=GOOD,
    kinds=(*KINDS, "ConfigMap"),
    check=check,
)
