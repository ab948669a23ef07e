"""What an ExternalSecret asks for, and the Secret that follows from it. Pure.

Subset of external-secrets.io/v1: the vault provider with KV v2; `data`, `dataFrom.extract` and generators (see
`generators`); of the target its name, type, metadata, creation policy and texts (see `secret_template`).
Whatever else is asked for is refused by name, never left out in silence.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.agent.errors import SyncError
from lab.agent.generators import generator_name
from lab.agent.secret_template import check_template, render

Object = Mapping[str, Any]
Read = Mapping["Key", Mapping[str, Any]]
Generated = Mapping[str, Mapping[str, Any]]
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_DEFAULT_REFRESH = 3600.0
MANAGED = "reconcile.external-secrets.io/managed"
DATA_HASH = "reconcile.external-secrets.io/data-hash"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One secret of the store. `version` 0 is the newest."""

    path: str
    version: int = 0


def seconds(duration: str | None) -> float:
    """A Go duration in seconds; an hour when nothing is written, 0 for "once"."""
    if duration is None:
        return _DEFAULT_REFRESH
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(duration))


def keys(external: Object) -> set[Key]:
    """Every secret of the store that is needed. Raises SyncError."""
    spec = external.get("spec") or {}
    found = {_key(one["remoteRef"]) for one in spec.get("data") or []}
    for one in spec.get("dataFrom") or []:
        if one.get("rewrite") or not ("extract" in one or "sourceRef" in one):
            raise SyncError("dataFrom: the lab supports only extract and sourceRef, without rewrite")
        if "extract" in one:
            found.add(_key(one["extract"]))
    return found


def generators(external: Object) -> tuple[str, ...]:
    """Every generator that is needed. Raises SyncError."""
    entries = (external.get("spec") or {}).get("dataFrom") or []
    return tuple(dict.fromkeys(generator_name(one["sourceRef"]) for one in entries if "sourceRef" in one))


def _key(reference: Object) -> Key:
    version = reference.get("version") or "0"
    if not str(version).isdigit():
        raise SyncError(f"remoteRef {reference['key']}: version {version!r} is not a number")
    return Key(path=reference["key"].strip("/"), version=int(version))


def check_store(store: Object, namespace: str) -> str:
    """The mount of the store's KV engine. Raises SyncError when `namespace` may not use it or its kind is
    another."""
    name = store["metadata"]["name"]
    spec = store.get("spec") or {}
    conditions = spec.get("conditions") or []
    if conditions and not any(_allows(one, namespace) for one in conditions):
        raise SyncError(
            f'using ClusterSecretStore "{name}" is not allowed from namespace "{namespace}": its conditions'
        )
    vault = (spec.get("provider") or {}).get("vault")
    if vault is None:
        raise SyncError(f'store "{name}": the lab supports only the vault provider')
    if vault.get("version", "v2") != "v2":
        raise SyncError(f'store "{name}": the lab supports only KV version v2')
    return str(vault.get("path") or "secret")


def _allows(condition: Object, namespace: str) -> bool:
    if condition.get("namespaceSelector"):
        raise SyncError("conditions.namespaceSelector is not supported by the lab: name the namespaces")
    patterns = condition.get("namespaceRegexes") or []
    return namespace in (condition.get("namespaces") or []) or any(
        re.search(one, namespace) for one in patterns
    )


def values(external: Object, read: Read, generated: Generated | None = None) -> dict[str, bytes]:
    """The Secret's data, `generated` by each generator's name. Raises SyncError naming the key and property that
    are missing."""
    spec = external.get("spec") or {}
    result: dict[str, bytes] = {}
    for one in spec.get("dataFrom") or []:
        if "sourceRef" in one:
            content = (generated or {})[generator_name(one["sourceRef"])]
            result |= {name: _bytes(value) for name, value in content.items()}
            continue
        for name, value in read[_key(one["extract"])].items():
            result[name] = _decoded(_bytes(value), one["extract"])
    for one in spec.get("data") or []:
        reference = one["remoteRef"]
        result[one["secretKey"]] = _decoded(_property(read[_key(reference)], reference), reference)
    return result


def _property(content: Object, reference: Object) -> bytes:
    wanted = reference.get("property")
    if not wanted:
        return json.dumps(content, sort_keys=True).encode()
    if wanted in content:
        return _bytes(content[wanted])
    inner: Any = content
    for part in wanted.split("."):
        inner = inner.get(part) if isinstance(inner, Mapping) else None
    if inner is None:
        raise SyncError(f"cannot find secret data for key: {reference['key']!r}, property {wanted!r}")
    return _bytes(inner)


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value, sort_keys=True).encode()


def _decoded(value: bytes, reference: Object) -> bytes:
    strategy = reference.get("decodingStrategy") or "None"
    if strategy == "None":
        return value
    if strategy in {"Base64", "Base64URL"}:
        decode: Callable[[bytes], bytes] = (
            base64.b64decode if strategy == "Base64" else base64.urlsafe_b64decode
        )
        try:
            return decode(value)
        except ValueError as error:
            raise SyncError(f"key {reference['key']!r}: its value is not {strategy}") from error
    raise SyncError(f"decodingStrategy {strategy} is not supported by the lab")


def target_name(external: Object) -> str:
    """The Secret's name."""
    target = (external.get("spec") or {}).get("target") or {}
    return str(target.get("name") or external["metadata"]["name"])


def data_hash(data: Mapping[str, bytes]) -> str:
    """Tells whether a Secret still holds this data, without showing it."""
    digest = hashlib.sha256()
    for name in sorted(data):
        digest.update(len(name).to_bytes(4, "big") + name.encode())
        digest.update(len(data[name]).to_bytes(8, "big") + data[name])
    return digest.hexdigest()


def check_target(external: Object) -> None:
    """Raises SyncError for a target that the lab does not support."""
    target = (external.get("spec") or {}).get("target") or {}
    policy = target.get("creationPolicy") or "Owner"
    check_template(target.get("template") or {})
    if policy not in {"Owner", "Orphan"}:
        raise SyncError(f"target.creationPolicy {policy} is not supported by the lab: use Owner or Orphan")


def secret(external: Object, data: Mapping[str, bytes], hosts: Mapping[str, str]) -> dict[str, Any]:
    """The Secret to apply: the data, or where the target has a template its texts alone. Raises SyncError for a
    field that the data do not have; `hosts` see `secret_template.render`."""
    meta, target = external["metadata"], (external.get("spec") or {}).get("target") or {}
    template = target.get("template") or {}
    if texts := template.get("data"):
        data = render(texts, data, hosts)
    inherited = template.get("metadata") or meta
    wanted: dict[str, Any] = {
        "name": target_name(external),
        "namespace": meta["namespace"],
        "labels": dict(inherited.get("labels") or {}) | {MANAGED: "true"},
        "annotations": dict((template.get("metadata") or {}).get("annotations") or {})
        | {DATA_HASH: data_hash(data)},
    }
    if (target.get("creationPolicy") or "Owner") == "Owner":
        owner = {"apiVersion": external["apiVersion"], "kind": "ExternalSecret"}
        wanted["ownerReferences"] = [
            owner | {"name": meta["name"], "uid": meta["uid"], "controller": True, "blockOwnerDeletion": True}
        ]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": wanted,
        "type": template.get("type") or "Opaque",
        "immutable": bool(target.get("immutable")) or None,
        "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
    }


def sync_status(external: Object, problem: str | None, now: str, version: str) -> dict[str, Any]:
    """The ExternalSecret's status after an attempt."""
    before = {one["type"]: one for one in (external.get("status") or {}).get("conditions") or []}.get(
        "Ready", {}
    )
    state = "True" if problem is None else "False"
    unchanged = before.get("status") == state and before.get("lastTransitionTime")
    condition = {
        "type": "Ready",
        "status": state,
        "reason": "SecretSynced" if problem is None else "SecretSyncedError",
        "message": "secret synced" if problem is None else problem,
        "lastTransitionTime": before["lastTransitionTime"] if unchanged else now,
    }
    if problem is not None:
        return {"conditions": [condition]}
    return {
        "conditions": [condition],
        "refreshTime": now,
        "syncedResourceVersion": version,
        "binding": {"name": target_name(external)},
    }
