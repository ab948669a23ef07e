"""Resource transforms, run as the real engine runs them: the resource's own, its parents', the stack's.

The SDK turns each transform function into a callback that takes and gives bytes. Nothing listens on a
port here: the callbacks are called where they are, on the program's event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import callback_pb2, resource_pb2
from pulumi.runtime.sync_await import _sync_await

from engine.values import OUTPUT_SIGNATURE, SECRET_SIGNATURE, SIGNATURE, UNKNOWN_TEXT


class LocalCallbacks(_CallbackServicer):  # type: ignore[misc]
    """The SDK's callback register without its gRPC server."""

    def __init__(self, monitor: Any) -> None:  # the SDK's own would open a port
        self._callbacks: dict[str, Any] = {}
        self._transforms: dict[Any, str] = {}
        self._state_migrations: dict[Any, str] = {}
        self._monitor = monitor
        self._target = "in-process"
        self._loop = asyncio.get_running_loop()

    def call(self, token: str, request: bytes) -> bytes:
        """Run one callback to its end, from the loop's own thread or from another."""
        awaitable = self._callbacks[token](request)
        try:
            running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            message: Any = _sync_await(awaitable)
        else:
            message = asyncio.run_coroutine_threadsafe(awaitable, self._loop).result()
        return bytes(message.SerializeToString())


class Transforms:
    """All transforms of a run: the stack's, and those that resources hand to their children."""

    def __init__(self) -> None:
        self.callbacks: LocalCallbacks | None = None
        self._stack: list[str] = []
        self._of_resource: dict[str, list[str]] = {}

    def add_stack(self, callback: callback_pb2.Callback) -> None:
        """A transform of the whole stack, for everything registered from now on."""
        self._stack.append(callback.token)

    def remember(self, urn: str, parent: str, own: Sequence[callback_pb2.Callback]) -> None:
        """Keep what the children of `urn` inherit."""
        tokens = [callback.token for callback in own] + self._of_resource.get(parent, [])
        if tokens:
            self._of_resource[urn] = tokens

    def apply(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceRequest:
        """The request as the transforms leave it; the same object when there are none."""
        tokens = [callback.token for callback in request.transforms]
        tokens += self._of_resource.get(request.parent, [])
        tokens += self._stack
        if not tokens or self.callbacks is None or request.type == "pulumi:pulumi:Stack":
            return request
        options = _options_of(request)
        dependencies = {key: list(deps.urns) for key, deps in request.propertyDependencies.items()}
        properties = _with_outputs(request.object, dependencies)
        for token in tokens:
            message = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=properties,
                options=options,
            )
            answer = resource_pb2.TransformResponse.FromString(
                self.callbacks.call(token, message.SerializeToString())
            )
            properties = _with_outputs(answer.properties, {})
            if answer.HasField("options"):
                options = answer.options
        return _applied(request, properties, options)


def _options_of(request: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformResourceOptions:
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=request.aliases,
        provider=request.provider,
        providers=request.providers,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        additional_secret_outputs=request.additionalSecretOutputs,
    )
    setattr(options, "import", request.importId)
    if request.HasField("protect"):
        options.protect = request.protect
    if request.HasField("retainOnDelete"):
        options.retain_on_delete = request.retainOnDelete
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _applied(
    request: resource_pb2.RegisterResourceRequest,
    properties: struct_pb2.Struct,
    options: Any,
) -> resource_pb2.RegisterResourceRequest:
    result: Any = resource_pb2.RegisterResourceRequest()
    result.CopyFrom(request)
    result.object.CopyFrom(properties)
    # Dependencies on properties live in the output values from here on; explicit ones in the options.
    found: dict[str, set[str]] = {key: _dependencies(value) for key, value in properties.fields.items()}
    for key, urns in found.items():
        known = result.propertyDependencies[key].urns
        known.extend(sorted(urns.difference(known)))
    everything = set(options.depends_on).union(*found.values())
    for name, values in (
        ("dependencies", sorted(everything)),
        ("ignoreChanges", options.ignore_changes),
        ("replaceOnChanges", options.replace_on_changes),
        ("aliases", options.aliases),
        ("additionalSecretOutputs", options.additional_secret_outputs),
    ):
        result.ClearField(name)
        getattr(result, name).extend(values)
    result.ClearField("providers")
    result.providers.update(options.providers)
    result.provider = options.provider or request.provider
    result.version = options.version
    result.pluginDownloadURL = options.plugin_download_url
    result.deletedWith = options.deleted_with
    result.importId = getattr(options, "import")
    for theirs, ours in (("protect", "protect"), ("retain_on_delete", "retainOnDelete")):
        result.ClearField(ours)
        if options.HasField(theirs):
            setattr(result, ours, getattr(options, theirs))
    result.ClearField("customTimeouts")
    if options.HasField("custom_timeouts"):
        result.customTimeouts.CopyFrom(options.custom_timeouts)
    if options.HasField("delete_before_replace"):
        result.deleteBeforeReplace = options.delete_before_replace
        result.deleteBeforeReplaceDefined = True
    transformed: resource_pb2.RegisterResourceRequest = result
    return transformed


def _with_outputs(struct: struct_pb2.Struct, dependencies: Mapping[str, list[str]]) -> struct_pb2.Struct:
    """The properties with everything secret, unknown or dependent as output values, as transforms see them."""
    result = struct_pb2.Struct()
    for key, value in struct.fields.items():
        urns = dependencies.get(key, [])
        signed = _is_signed(value)
        if urns and not signed:
            fields = result.fields[key].struct_value.fields
            fields[SIGNATURE].string_value = OUTPUT_SIGNATURE
            _upgrade(value, fields["value"])
        else:
            _upgrade(value, result.fields[key])
        if urns:
            listed = result.fields[key].struct_value.fields["dependencies"].list_value
            listed.ClearField("values")
            listed.extend(sorted(urns))
    return result


def _is_signed(value: struct_pb2.Value) -> bool:
    if value.WhichOneof("kind") == "string_value":
        return bool(value.string_value == UNKNOWN_TEXT)
    fields = value.struct_value.fields if value.HasField("struct_value") else {}
    return SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET_SIGNATURE


def _upgrade(value: struct_pb2.Value, target: struct_pb2.Value) -> None:
    if _is_signed(value):
        fields = target.struct_value.fields
        fields[SIGNATURE].string_value = OUTPUT_SIGNATURE
        if value.HasField("struct_value"):
            fields["value"].CopyFrom(value.struct_value.fields["value"])
            fields["secret"].bool_value = True
    elif value.HasField("struct_value"):
        target.struct_value.SetInParent()
        for key, item in value.struct_value.fields.items():
            _upgrade(item, target.struct_value.fields[key])
    elif value.HasField("list_value"):
        target.list_value.SetInParent()
        for item in value.list_value.values:
            _upgrade(item, target.list_value.values.add())
    else:
        target.CopyFrom(value)


def _dependencies(value: struct_pb2.Value) -> set[str]:
    if value.HasField("list_value"):
        return set().union(*map(_dependencies, value.list_value.values))
    if not value.HasField("struct_value"):
        return set()
    fields = value.struct_value.fields
    found: set[str] = set()
    if (
        SIGNATURE in fields
        and fields[SIGNATURE].string_value == OUTPUT_SIGNATURE
        and "dependencies" in fields
    ):
        found.update(item.string_value for item in fields["dependencies"].list_value.values)
    return found.union(*(_dependencies(item) for key, item in fields.items() if key != "dependencies"))
