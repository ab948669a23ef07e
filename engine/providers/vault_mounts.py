"""Secret engines, auth methods and audit devices: what is mounted at a path of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from engine.errors import ObjectRefused, ProviderError
from engine.providers.base import Live
from engine.providers.vault_kinds import Kind, Task, bad_part, fields_of, taken
from engine.values import Properties

_TUNES: Final = (
    "allowedResponseHeaders",
    "auditNonHmacRequestKeys",
    "auditNonHmacResponseKeys",
    "defaultLeaseTtl",
    "listingVisibility",
    "maxLeaseTtl",
    "passthroughRequestHeaders",
    "tokenType",
)
_UNTUNED: Final = {
    "defaultLeaseTtl": "0",
    "maxLeaseTtl": "0",
    "listingVisibility": "hidden",
    "tokenType": "default-service",
}
TUNED: Final = (
    "allowedManagedKeys",
    "allowedResponseHeaders",
    "auditNonHmacRequestKeys",
    "auditNonHmacResponseKeys",
    "delegatedAuthAccessors",
    "identityTokenKey",
    "listingVisibility",
    "passthroughRequestHeaders",
    "pluginVersion",
)
_IN_USE: Final = "already in use"


@dataclass(frozen=True, kw_only=True)
class Mounted(Kind):
    """Something at `<root>/<path>`. One that exists is ours only after an interrupted create, or by import.

    `flags` are the properties (with their API names) that only the mounting can set, `config` those written to
    `auth/<path>/config` once it is mounted. Its path may change: it is moved, with all that it holds.
    """

    root: str
    flags: Mapping[str, str] = field(default_factory=lambda: {"local": "local"})
    config: tuple[str, ...] = ()
    shape: Callable[[Properties, Task], Properties] | None = None

    def known(self) -> set[str]:
        return {*super().known(), *self.flags, *self.config, "description", "path", "type"}

    def replaces(self, property_: str, inputs: Properties) -> bool:
        if property_ == "path":
            return inputs.get("disableRemount") is True
        return super().replaces(property_, inputs)

    def problem(self, inputs: Properties) -> str:
        return super().problem(inputs) or bad_part("{path}", inputs)

    def create(self, task: Task) -> Live:
        path = _path(task.inputs)
        if task.importing:
            self._find(task, path)
            return self._settle(task, path, tuned=False)
        return self._settle(task, path, tuned=self._mount(task, path))

    def update(self, task: Task) -> Live:
        path = _path(task.inputs)
        found = task.api.get(f"{self.root}/{task.id}")
        if path != task.id:
            there = task.api.get(f"{self.root}/{path}")
            if there is not None and there.get("accessor") == task.outputs.get("accessor"):
                found = there  # an interrupted run has moved it
            elif found is not None:
                self._move(task, task.id, path)
        if found is None:
            return self.create(task)
        return self._settle(task, path, tuned=False)

    def delete(self, task: Task) -> None:
        task.api.delete(f"{self.root}/{task.id}")

    def complete(self, inputs: Properties) -> Properties:
        return _with_path(super().complete(inputs))

    def _find(self, task: Task, path: str) -> None:
        """Is what is to be imported there, and what the program says it is? Raises ObjectRefused if not."""
        if task.id != path:
            raise ObjectRefused(f"its inputs are those of {path}, so {task.id} cannot be imported as it")
        found = task.api.get(f"{self.root}/{path}")
        if found is None:
            raise ObjectRefused(f"nothing is mounted at {path} that could be imported", status=404)
        if found.get("type") != _type(task.inputs["type"]):
            raise ObjectRefused(f"what is mounted at {path} is of type {found.get('type')}")

    def _mount(self, task: Task, path: str) -> bool:
        """Mount it. False if it is there already and is ours; raises NotOurs if it is not."""
        given = task.inputs
        body = {
            "type": given["type"],
            "description": given.get("description", ""),
            "config": self._tuning(task),
        }
        flags = {name: given.get(property_, False) for property_, name in self.flags.items()}
        stated = "options" in given or self.root == "sys/auth"
        options = {"options": given.get("options")} if stated else {}
        try:
            task.api.write(f"{self.root}/{path}", {**body, **flags, **options})
        except ObjectRefused as error:
            if _IN_USE not in str(error):
                raise
            self._claim(task, path, error)
            return False
        return True

    def _claim(self, task: Task, path: str, error: ObjectRefused) -> None:
        """Is what is mounted there what our own interrupted create left? Raises NotOurs if not."""
        found = task.api.get(f"{self.root}/{path}")
        if found is None:
            raise error
        wanted = _type(task.inputs["type"]), task.inputs.get("description", "")
        if not (task.resumed and (found.get("type"), found.get("description")) == wanted):
            raise taken(path, f"is in use already, by a mount of type {found.get('type')}")

    def _settle(self, task: Task, path: str, *, tuned: bool) -> Live:
        """Everything but the mount itself. If it fails, the error tells that the mount is there."""
        try:
            if not tuned:
                self._tune(task, path)
            if self.config:
                body = fields_of(task, self.config, {}, {}, whole=True)
                task.api.write(f"auth/{path}/config", self.shape(body, task) if self.shape else body)
        except ProviderError as error:
            if task.before is None:
                error.live = self._live(path, {})
            raise
        return self._live(path, task.api.get(f"{self.root}/{path}") or {})

    def _tune(self, task: Task, path: str) -> None:
        tune = self._tuning(task)
        if task.changed("description"):
            tune["description"] = task.inputs.get("description", "")
        if "options" in task.inputs or "options" in (task.before or {}):
            tune["options"] = task.inputs.get("options") or {}
        if tune:
            task.api.write(f"{self.root}/{path}/tune", tune)

    def _tuning(self, task: Task) -> Properties:
        former = (task.before or {}).get("tune") or {}
        block = replace(task, inputs=task.inputs.get("tune") or {}, before=former)
        return fields_of(block, _TUNES, {}, _UNTUNED)

    def _live(self, path: str, found: Properties) -> Live:
        return Live(id=path, outputs={"path": path, "accessor": found.get("accessor", "")})

    def _move(self, task: Task, old: str, new: str) -> None:
        area = "" if self.root == "sys/mounts" else "auth/"
        begun = task.api.write("sys/remount", {"from": area + old, "to": area + new})
        while begun:
            seen = task.api.get(f"sys/remount/status/{begun['migration_id']}") or {}
            status = (seen.get("migration_info") or {}).get("status")
            if status == "success":
                return
            if status != "in-progress":
                raise ObjectRefused(f"it could not be moved from {old} to {new} (status: {status})")
            task.api.vault.wait(0.1)


@dataclass(frozen=True, kw_only=True)
class SecretEngine(Mounted):
    """A mount of a secret engine, whose settings stand among its properties."""

    def _tuning(self, task: Task) -> Properties:
        given = task.inputs
        leases = {
            "default_lease_ttl": f"{given.get('defaultLeaseTtlSeconds', 0)}s",
            "max_lease_ttl": f"{given.get('maxLeaseTtlSeconds', 0)}s",
        }
        mounting = ("forceNoCache",) if task.before is None else ()
        return {**fields_of(task, (*TUNED, *mounting), {}, _UNTUNED), **leases}

    def _live(self, path: str, found: Properties) -> Live:
        config = found.get("config") or {}
        outputs = {
            "path": path,
            "accessor": found.get("accessor", ""),
            "defaultLeaseTtlSeconds": config.get("default_lease_ttl", 0),
            "maxLeaseTtlSeconds": config.get("max_lease_ttl", 0),
            "sealWrap": found.get("seal_wrap", False),
        }
        return Live(id=path, outputs=outputs)


@dataclass(frozen=True, kw_only=True)
class Audit(Kind):
    """An audit device. Servers that take them from their configuration alone say so in their refusal."""

    def complete(self, inputs: Properties) -> Properties:
        return _with_path(super().complete(inputs))

    def problem(self, inputs: Properties) -> str:
        return super().problem(inputs) or bad_part("{path}", inputs)

    def create(self, task: Task) -> Live:
        path = _path(task.inputs)
        there = task.taking and self._there(task, path)
        if task.importing and not (there and task.id == path):
            raise ObjectRefused(f"there is no audit device {task.id} to import as {path}", status=404)
        if not there:
            keys = ("type", "description", "local", "options")
            body = {key: task.inputs[key] for key in keys if key in task.inputs}
            try:
                task.api.write(f"sys/audit/{path}", body)
            except ObjectRefused as error:
                raise taken(path, "is an audit device already") if _IN_USE in str(error) else error from None
        return Live(id=path, outputs={"path": path})

    def update(self, task: Task) -> Live:
        if not self._there(task, task.id):
            return self.create(task)
        return Live(id=task.id, outputs={"path": task.id})

    def delete(self, task: Task) -> None:
        task.api.delete(f"sys/audit/{task.id}")

    def _there(self, task: Task, path: str) -> bool:
        return f"{path}/" in (task.api.get("sys/audit") or {})


def _path(inputs: Properties) -> str:
    return str(inputs["path"]).strip("/")


def _with_path(inputs: Properties) -> Properties:
    """A mount that states no path lies at its type."""
    return inputs if "path" in inputs or "type" not in inputs else {**inputs, "path": inputs["type"]}


def _type(given: Any) -> str:
    """The type that the server tells of what was mounted as `given`."""
    return "kv" if given == "kv-v2" else str(given)
