"""One recorder for every test that runs a program: all declarations, with provider, parent and dependencies.

Read it only after `run` returned: before the last registration has drained, absence proves nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func

from tests import aws_answers

PROJECT = "mlops-platform"

Program = Callable[[], dict[str, Any] | None]
"""Declares resources and returns what the stack exports."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One registration. `parent` and `provider` are logical names, empty where there is none."""

    urn: str
    type: str
    name: str
    parent: str
    provider: str
    dependencies: frozenset[str]
    explicit_dependencies: frozenset[str]
    protected: bool
    inputs: dict[str, Any] = field(repr=False)

    @property
    def is_component(self) -> bool:
        return self.type.startswith("mlops:")

    @property
    def is_kubernetes(self) -> bool:
        """An object of a cluster. A chart or a file is none: its objects are made when its provider renders it."""
        return self.type.startswith("kubernetes:") and not (self.is_chart or self.is_file)

    @property
    def is_chart(self) -> bool:
        return self.type.startswith("kubernetes:helm.sh/")

    @property
    def is_file(self) -> bool:
        return self.type.startswith("kubernetes:yaml")

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Cluster, kind, namespace (empty for cluster-scoped kinds) and name."""
        metadata = self.inputs["metadata"]
        return (self.provider, self.inputs["kind"], metadata.get("namespace", ""), metadata["name"])


class RepeatedUrnError(AssertionError):
    """Two declarations would be one resource: the engine would refuse the second one, mocks do not."""


_LOOKED_UP = {"keycloak:index/getRole:getRole": "name", "keycloak:openid/getClient:getClient": "clientId"}
"""Functions for what Keycloak makes with a realm, with what names it. They hang on the id of the realm: the
preview of a new one asks none of them."""


class _Nothing(mocks.Mocks):  # type: ignore[misc]
    """The recorder answers by itself."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], None]:
        raise AssertionError(f"the recorder answers for {args.token} itself")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        raise AssertionError(f"the recorder answers for {args.name} itself")


class Recorder(mocks.MockMonitor):  # type: ignore[misc]
    """The monitor behind a program under test; it answers every registration with its own inputs, and adds what
    AWS would."""

    def __init__(self) -> None:
        super().__init__(_Nothing())
        self.declarations: list[Declaration] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the monitor's own spelling
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self.declarations.append(_declaration(urn, request))
        if request.type.startswith("aws:"):
            inputs = _plain(rpc.deserialize_properties(request.object))
            request.object.update(aws_answers.computed(request.type, request.name, inputs))
            identity = aws_answers.identity(request.type, request.name)
        else:
            identity = f"{request.name}-id" if request.custom else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=request.object)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the monitor's own spelling
        """A preview must need no answer from outside but for what stands there already: its name is its id."""
        if request.tok not in _LOOKED_UP:
            raise AssertionError(f"the program called {request.tok}")
        response = resource_pb2.ResourceInvokeResponse()
        answer = getattr(response, "return")
        answer.CopyFrom(request.args)
        answer["id"] = request.args[_LOOKED_UP[request.tok]]
        return response

    @property
    def kubernetes(self) -> list[Declaration]:
        """Every Kubernetes object, in a stable order."""
        return sorted((one for one in self.declarations if one.is_kubernetes), key=lambda one: one.urn)

    @property
    def components(self) -> list[Declaration]:
        return sorted((one for one in self.declarations if one.is_component), key=lambda one: one.urn)

    def misnamed(self) -> list[str]:
        """Children whose logical name does not start with their component's."""
        return [
            f"{one.name} below {one.parent}"
            for one in self.declarations
            if one.parent and not one.name.startswith(f"{one.parent}-")
        ]

    def find(self, kind: str, name: str, *, provider: str, namespace: str = "") -> Declaration:
        """The one object of that identity."""
        wanted = (provider, kind, namespace, name)
        found = [one for one in self.kubernetes if one.identity == wanted]
        assert len(found) == 1, f"{wanted} is declared {len(found)} times"
        return found[0]


def run(program: Program, stack: str = "test", *, preview: bool = True) -> Recorder:
    """Run a program to its end and return what it declared and exported. Raises RepeatedUrnError."""
    recorder = Recorder()

    async def main() -> None:
        for name, value in (program() or {}).items():
            pulumi.export(name, value)
        await _settled()

    async def under_mocks() -> None:
        mocks.set_mocks(recorder.mocks, PROJECT, stack, preview, monitor=recorder)
        await run_pulumi_func(main)
        stack_outputs = pulumi.runtime.get_root_resource().outputs
        recorder.outputs = _plain(await pulumi.Output.from_input(stack_outputs).future())

    with patch.dict(os.environ, {"PULUMI_ERROR_OUTPUT_STRING": "true"}):
        asyncio.run(under_mocks())
    repeated = [urn for urn, count in Counter(one.urn for one in recorder.declarations).items() if count > 1]
    if repeated:
        raise RepeatedUrnError(f"declared more than once: {', '.join(sorted(repeated))}")
    return recorder


async def _settled() -> None:
    """All values are known. The SDK, left to itself, waits for one at a time and looks at all of them each time."""
    while waiting := [one for one in SETTINGS.outputs if not one.done()]:
        await asyncio.wait(waiting)


def _declaration(urn: str, request: Any) -> Declaration:
    by_value = {urn for entry in request.propertyDependencies.values() for urn in entry.urns}
    everything = frozenset(request.dependencies)
    parent_type = request.parent.split("::")[2].split("$")[-1] if request.parent else ""
    provider = request.provider or next(iter(request.providers.values()), "")
    return Declaration(
        urn=urn,
        type=request.type,
        name=request.name,
        parent="" if parent_type in {"", "pulumi:pulumi:Stack"} else _name(request.parent),
        provider=provider.split("::")[-2] if provider else "",
        dependencies=frozenset(_name(one) for one in everything),
        explicit_dependencies=frozenset(_name(one) for one in everything - by_value),
        protected=request.protect,
        inputs=_plain(rpc.deserialize_properties(request.object)),
    )


def _name(urn: str) -> str:
    return urn.rsplit("::", maxsplit=1)[-1]


def _plain(value: Any) -> Any:
    """Numbers cross the wire as doubles; whole ones are integers in every manifest."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
