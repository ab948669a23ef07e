"""From a RegisterResource request to a Goal: parents, providers, aliases, URNs and what is refused on sight.

The rules are those of Pulumi's resource monitor and step generator (source_eval.go, step_generator.go).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from engine import urn as urns
from engine.errors import RegistrationError
from engine.goal import NO_OPTIONS, Goal, Options, Timeouts, seconds
from engine.values import Properties, from_struct


@dataclass(frozen=True, kw_only=True)
class Inherited:
    """What children take over from a registered parent."""

    provider: str
    providers: dict[str, str]
    options: Options
    aliases: tuple[str, ...]
    custom: bool


class Intake:
    """The memory of one run's registrations. Safe to use from several threads."""

    def __init__(self, project: str, stack: str, denied: frozenset[str]) -> None:
        self.project = project
        self.stack = stack
        self.root = ""
        self._denied = denied
        self._known: dict[str, Inherited] = {}
        self._lock = threading.Lock()

    def goal(self, request: Any) -> Goal:
        """The goal of a request. Raises RegistrationError for what the engine refuses."""
        type_, name = request.type, request.name
        parent = request.parent or (self.root if type_ != urns.STACK_TYPE else "")
        urn = urns.make(self.stack, self.project, parent, type_, name)
        _refuse_unsupported(request, urn)
        inherited = self._known.get(parent)
        inputs = from_struct(request.object)
        provider, providers = request.provider, dict(request.providers)
        options = _options(request, urn)
        if inherited is not None:
            options = _inherit(request, options, inherited)
            if not request.custom and not inherited.custom:
                providers = {**inherited.providers, **providers}
        is_provider = urns.is_provider(type_)
        if is_provider:
            _provider_inputs(inputs, request)
        elif request.custom or request.remote:
            provider = self._provider(urn, type_, provider, providers, inherited)
        aliases = (
            tuple(self._aliases(request, type_, name, parent, inherited))
            if _may_alias(request, inherited)
            else ()
        )
        goal = Goal(
            urn=urn,
            type=type_,
            name=name,
            custom=request.custom or request.remote,
            parent=parent,
            provider=urns.provider_urn(provider) if provider and (request.custom or request.remote) else "",
            providers={key: urns.provider_urn(ref) for key, ref in providers.items()},
            inputs=inputs,
            dependencies=tuple(sorted(request.dependencies)),
            property_dependencies={
                key: tuple(sorted(deps.urns))
                for key, deps in request.propertyDependencies.items()
                if deps.urns
            },
            options=options,
            aliases=aliases,
            request=None if is_provider else request.object,
        )
        with self._lock:
            if urn in self._known:
                raise RegistrationError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self._known[urn] = Inherited(
                provider=provider, providers=providers, options=options, aliases=aliases, custom=goal.custom
            )
            if type_ == urns.STACK_TYPE:
                self.root = urn
        return goal

    def _provider(
        self, urn: str, type_: str, given: str, providers: dict[str, str], inherited: Inherited | None
    ) -> str:
        if type_.count(":") != 2:
            raise RegistrationError(f"{urn}: type {type_!r} is not of the form package:module:Name")
        package = urns.package_of(type_)
        if package == "pulumi":
            return ""
        found = given or providers.get(package, "")
        if not found and inherited is not None:
            of_parent = inherited.provider
            matches = of_parent and urns.package_of(urns.type_of(urns.provider_urn(of_parent))) == package
            found = of_parent if matches else inherited.providers.get(package, "")
        if found:
            return found
        if self._denied & {"*", package}:
            raise RegistrationError(
                f"Default provider for '{package}' disabled. '{type_}' must use an explicit provider. "
                f"({urn}: pass opts=ResourceOptions(provider=...) or give its parent component one)"
            )
        raise RegistrationError(
            f"{urn}: has no provider. This engine makes no default provider for '{package}'; "
            "pass opts=ResourceOptions(provider=...) or give its parent component one"
        )

    def _aliases(
        self, request: Any, type_: str, name: str, parent: str, inherited: Inherited | None
    ) -> Iterable[str]:
        own = [self._alias(alias, type_, name, parent) for alias in request.aliases]
        own += request.aliasURNs
        found = dict.fromkeys(own)
        parent_name = urns.name_of(parent) if parent else ""
        children = [(type_, name), *((urns.type_of(alias), urns.name_of(alias)) for alias in own)]
        for parent_alias in inherited.aliases if inherited is not None else ():
            for child_type, child_name in children:
                suffix = child_name.removeprefix(parent_name)
                renamed = (
                    urns.name_of(parent_alias) + suffix if child_name.startswith(parent_name) else child_name
                )
                found[urns.make(self.stack, self.project, parent_alias, child_type, renamed)] = None
        return found

    def _alias(self, alias: Any, type_: str, name: str, parent: str) -> str:
        if alias.WhichOneof("alias") == "urn":
            return str(alias.urn)
        spec = alias.spec
        where = "" if spec.noParent else (spec.parentUrn or parent)
        return urns.make(
            spec.stack or self.stack,
            spec.project or self.project,
            where,
            spec.type or type_,
            spec.name or name,
        )


def _may_alias(request: Any, inherited: Inherited | None) -> bool:
    return bool(request.aliases or request.aliasURNs or (inherited is not None and inherited.aliases))


def _provider_inputs(inputs: Properties, request: Any) -> None:
    """What the engine adds to a provider's inputs (providers.SetProviderVersion, SetProviderURL)."""
    if request.version:
        inputs.setdefault("__internal", {})
        inputs["version"] = request.version
    if request.pluginDownloadURL:
        inputs.setdefault("__internal", {})["pluginDownloadURL"] = request.pluginDownloadURL


def _refuse_unsupported(request: Any, urn: str) -> None:
    hooks = request.hooks
    for kind, names in hooks.ListFields() if request.HasField("hooks") else ():
        raise RegistrationError(
            f"{urn}: resource hook {names[0]!r} ({kind.name}): this engine runs no resource hooks; "
            "run with --engine pulumi"
        )
    if request.HasField("replacement_trigger") or request.replace_with:
        raise RegistrationError(
            f"{urn}: replacement_trigger and replace_with are not supported by this engine; run with --engine pulumi"
        )


def _options(request: Any, urn: str) -> Options:
    timeouts = Timeouts()
    if request.HasField("customTimeouts"):
        given = request.customTimeouts
        timeouts = Timeouts(
            create=seconds(given.create, urn),
            update=seconds(given.update, urn),
            delete=seconds(given.delete, urn),
        )
    before: bool | None = None
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        before = request.deleteBeforeReplace
    options = Options(
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=before,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        deleted_with=request.deletedWith,
        import_id=request.importId,
        timeouts=timeouts,
    )
    return NO_OPTIONS if options == NO_OPTIONS else options


def _inherit(request: Any, options: Options, parent: Inherited) -> Options:
    """inheritFromParent of the real engine: protect, retainOnDelete and deletedWith, where not stated."""
    theirs = parent.options
    if theirs is NO_OPTIONS:
        return options
    return replace(
        options,
        protect=options.protect if request.HasField("protect") else theirs.protect,
        retain_on_delete=options.retain_on_delete
        if request.HasField("retainOnDelete")
        else theirs.retain_on_delete,
        deleted_with=options.deleted_with or theirs.deleted_with,
    )
