"""One running policy pack: what it says about itself, its configuration and its answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from engine.errors import PackError
from engine.pack_process import PackProcess
from engine.values import Properties, from_struct, to_struct

Level = Literal["advisory", "mandatory", "disabled", "remediate"]
_LEVELS: dict[int, Level] = {
    analyzer_pb2.ADVISORY: "advisory",
    analyzer_pb2.MANDATORY: "mandatory",
    analyzer_pb2.DISABLED: "disabled",
    analyzer_pb2.REMEDIATE: "remediate",
}
_NUMBERS = {name: number for number, name in _LEVELS.items()}


@dataclass(frozen=True, kw_only=True)
class Violation:
    """What a policy has to say about one resource ("" for the stack as a whole)."""

    pack: str
    policy: str
    level: Level
    urn: str
    message: str

    @property
    def mandatory(self) -> bool:
        """Does it forbid the resource?"""
        return self.level == "mandatory"


Answer = Callable[[], list[Violation]]
"""What a pack was asked, under way: a call waits until it has answered. Raises PackError if it broke."""


class Pack:
    """One pack: its process, its channel and what it says about itself."""

    def __init__(self, process: PackProcess, port: int) -> None:
        self.folder = process.folder
        self._process = process
        options = [
            ("grpc.max_receive_message_length", 400 * 1024 * 1024),
            ("grpc.max_send_message_length", 400 * 1024 * 1024),
            ("grpc.enable_http_proxy", 0),
        ]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
        self._stub = analyzer_pb2_grpc.AnalyzerStub(self._channel)
        self._info = self._ask(lambda: self._stub.GetAnalyzerInfo(empty_pb2.Empty()))
        self.remediates = False

    def close(self) -> None:
        """Close the channel; the process is ended by its own context."""
        self._channel.close()

    def configure(self, path: Path | None) -> None:
        """Send levels and settings: the pack's own initial ones, and over them those of the JSON file."""
        policies = {policy.name: policy.enforcementLevel for policy in self._info.policies}
        config = {
            name: (value.enforcementLevel, from_struct(value.properties)) for name, value in self._initial()
        }
        given = _config_file(path) if path is not None else {}
        unknown = sorted(given.keys() - policies.keys() - {"all"})
        if unknown:
            raise PackError(f"{path}: {unknown[0]}: pack {self._info.name} has no such policy")
        for name, own in policies.items():
            for key in ("all", name):
                if key in given:
                    before = config.get(name, (own, {}))
                    config[name] = _configured(given[key], before, f"{path}: {key}")
        if config:
            request = analyzer_pb2.ConfigureAnalyzerRequest()
            for name, (level, properties) in config.items():
                request.policyConfig[name].enforcementLevel = level
                request.policyConfig[name].properties.CopyFrom(to_struct(properties))
            self._ask(lambda: self._stub.Configure(request))
        levels = {**policies, **{name: level for name, (level, _) in config.items()}}
        self.remediates = analyzer_pb2.REMEDIATE in levels.values()

    def _initial(self) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in self._info.initialConfig.items() if name != "all"]

    def ask(self, request: Any) -> Answer:
        """Ask what it finds in one resource, and do not wait for it."""
        call, urn = self._stub.Analyze.future(request), request.urn

        def answer() -> list[Violation]:
            return [self._violation(diagnostic, urn) for diagnostic in self._ask(call.result).diagnostics]

        return answer

    def analyze_stack(self, request: Any) -> list[Violation]:
        """What it finds in all resources together."""
        answer = self._ask(lambda: self._stub.AnalyzeStack(request))
        return [self._violation(diagnostic, "") for diagnostic in answer.diagnostics]

    def remediate(self, request: Any, inputs: Properties) -> Properties:
        """The inputs as its policies mend them."""
        answer = self._ask(lambda: self._stub.Remediate(request))
        for remedy in answer.remediations:
            if remedy.diagnostic:
                raise PackError(f"policy {remedy.policyName} of pack {self._info.name}: {remedy.diagnostic}")
            inputs = from_struct(remedy.properties)
        return inputs

    def _violation(self, diagnostic: Any, urn: str) -> Violation:
        return Violation(
            pack=diagnostic.policyPackName or self._info.name,
            policy=diagnostic.policyName,
            level=_LEVELS[diagnostic.enforcementLevel],
            urn=diagnostic.urn or urn,
            message=diagnostic.message,
        )

    def _ask(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except grpc.RpcError as error:
            details = error.details() if hasattr(error, "details") else str(error)
            raise PackError(
                f"policy pack {self.folder} broke: {details}{self._process.last_words()}"
            ) from None


def _config_file(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(document, dict):
        raise PackError(f"{path}: must be an object of policies")
    return document


def _configured(given: Any, before: tuple[int, Properties], where: str) -> tuple[int, Properties]:
    level, properties = before
    if isinstance(given, str):
        given = {"enforcementLevel": given}
    if not isinstance(given, dict):
        raise PackError(f"{where}: given {given!r}, needs a level or an object")
    stated = given.get("enforcementLevel")
    if stated is not None and stated not in _NUMBERS:
        raise PackError(
            f"{where}: enforcementLevel: given {stated!r}, needs one of {', '.join(sorted(_NUMBERS))}"
        )
    settings = {key: value for key, value in given.items() if key != "enforcementLevel"}
    return (level if stated is None else _NUMBERS[stated]), {**properties, **settings}
