"""The vault provider: applies policies, mounts, auth methods, secrets and PKI of a Vault or OpenBao server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from engine import urn as urns
from engine.diff import Path
from engine.errors import ClusterUnreachable, Interrupted, ProviderError, RegistrationError
from engine.goal import Goal
from engine.providers.base import Action, Live, Provider, Settings
from engine.providers.bridged import stated
from engine.providers.vault_api import Api
from engine.providers.vault_client import Vault
from engine.providers.vault_kinds import Kind, PropertyPath, Task, at
from engine.providers.vault_options import Options
from engine.providers.vault_tables import KINDS
from engine.row import Row
from engine.values import SECRET_TEXT, Properties, Secret, plain, secret_texts


class VaultProvider(Provider):
    """One server, as its provider resource or the standard variables (VAULT_ADDR, VAULT_TOKEN ...) describe it.

    What exists and was not made here is taken over as the real provider does: policies, roles and secrets
    silently, mounts and identity groups by import alone.
    """

    package: ClassVar[str] = "vault"

    def __init__(self, urn: str, inputs: Properties, settings: Settings) -> None:
        self._vault = Vault(Options.of(urns.name_of(urn), inputs, settings.root), settings.connect_timeout)

    @staticmethod
    def refusal(type_: str) -> str:
        return "" if type_ in KINDS else "this engine does not apply this type; run with --engine pulumi"

    def check(self, goal: Goal, old: Row | None) -> Properties:
        kind = KINDS.get(goal.type)
        if kind is None:
            return goal.inputs
        inputs: Properties = kind.complete(stated(goal.inputs))
        if kind.autonamed and not inputs.get("name"):
            before = plain(old.inputs.get("name")) if old is not None else None
            inputs["name"] = before or f"{goal.name}-{secrets.token_hex(4)[:7]}"
        for path, version in kind.write_only:
            if old is not None and _same(old.inputs, inputs, version):
                inputs = _kept(inputs, old.inputs, path)
        problem = kind.problem(plain(inputs))
        if problem:
            raise RegistrationError(f"{goal.name} ({goal.type}): {problem}")
        return _secreted(_normal(inputs), kind.secrets)

    def replaces(self, type_: str, inputs: Properties, changed: Iterable[Path]) -> list[Path]:
        kind = _kind(type_, type_)
        return [path for path in changed if kind.replaces(str(path[0]), plain(inputs))]

    def create(self, action: Action) -> Live:
        with _Explained(action):
            kind = _kind(action.type, action.name)
            return _completed(kind, action, kind.create(self._task(action, None)))

    def update(self, action: Action) -> Live:
        with _Explained(action):
            kind = _kind(action.type, action.name)
            return _completed(kind, action, kind.update(self._task(action, action.old)))

    def delete(self, action: Action) -> None:
        if action.old is None:
            raise ProviderError(f"{action.name}: nothing to delete")
        with _Explained(action):
            _kind(action.type, action.name).delete(self._task(action, action.old, plain(action.old.inputs)))

    def stop(self) -> None:
        self._vault.stop()

    def close(self) -> None:
        self._vault.close()

    def _task(self, action: Action, old: Row | None, inputs: Properties | None = None) -> Task:
        given = plain(action.inputs) if inputs is None else inputs
        namespace = str(given.get("namespace", "")).strip("/")
        api = Api(vault=self._vault, namespace=namespace)
        return Task(
            api=api if action.timeout is None else replace(api, seconds=action.timeout),
            inputs=given,
            before=plain(old.inputs) if old is not None else None,
            outputs=plain(old.outputs) if old is not None else {},
            id=old.id if old is not None else action.import_id,
            resumed=action.resumed,
            importing=old is None and bool(action.import_id),
        )


def _completed(kind: Kind, action: Action, live: Live) -> Live:
    """What an action left behind, with the inputs among its outputs and all secrets marked."""
    return Live(id=live.id, outputs=_secreted({**action.inputs, **live.outputs}, kind.secrets))


def _secreted(properties: Properties, paths: Iterable[PropertyPath]) -> Properties:
    """`properties` with the values at these paths marked as secret."""
    for path in paths:
        properties = _marked(properties, path)
    return properties


def _marked(item: Any, path: PropertyPath) -> Any:
    if isinstance(item, Secret) or item is None:
        return item
    if not path:
        return Secret(plain(item))
    if not isinstance(item, dict) or path[0] not in item:
        return item
    inner = _marked(item[path[0]], path[1:])
    return item if inner is item[path[0]] else {**item, path[0]: inner}


def _kind(type_: str, name: str) -> Kind:
    kind = KINDS.get(type_)
    if kind is None:
        raise ProviderError(f"{name} ({type_}): {VaultProvider.refusal(type_)}")
    return kind


def _same(old: Properties, new: Properties, path: PropertyPath) -> bool:
    return bool(at(plain(old), path) == at(plain(new), path))


def _kept(new: Properties, old: Properties, path: PropertyPath) -> Properties:
    """`new` with a write-only value as it was written: its version says that it is the same."""
    before, now = at(plain(old), path), at(plain(new), path)
    kept: Properties = new if before is None or now is None else _put(new, path, Secret(before))
    return kept


def _put(item: Any, path: PropertyPath, value: Any) -> Any:
    if not path:
        return value
    if isinstance(item, Secret):
        return Secret(plain(_put(item.value, path, value)))
    return {**item, path[0]: _put(item.get(path[0]), path[1:], value)}


def _normal(inputs: Properties) -> Properties:
    """A secret's content in one spelling, so that spaces and the order of keys are no change."""
    given = inputs.get("dataJson")
    text = plain(given)
    if not isinstance(text, str):
        return inputs
    return {**inputs, "dataJson": Secret(json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")))}


class _Explained:
    """Puts the resource's logical name before what went wrong, and takes secrets out of it."""

    def __init__(self, action: Action) -> None:
        self._action = action

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if not isinstance(error, ProviderError):
            return
        action, old = self._action, self._action.old
        if isinstance(error.live, Live):
            error.live = _completed(_kind(action.type, action.name), action, error.live)
        if isinstance(error, (ClusterUnreachable, Interrupted)):
            return
        hidden = str(error)
        for text in secret_texts((action.inputs, old.inputs if old else None, old.outputs if old else None)):
            hidden = hidden.replace(text, SECRET_TEXT)
        error.args = (f"{action.name} ({action.type.rpartition(':')[2]}): {hidden}",)
