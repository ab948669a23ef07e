"""The policy packs of a run: each a process of its own, asked as the pulumi command asks it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pulumi.runtime.proto import analyzer_pb2

from engine.decide import Decision
from engine.goal import Goal
from engine.pack import Pack, Violation
from engine.pack_process import PackProcess
from engine.pack_requests import request, resource
from engine.values import Properties


class Packs:
    """The running packs of one preview or deployment. Usable from several threads."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._packs = packs

    @classmethod
    @contextlib.contextmanager
    def start(
        cls, folders: Sequence[Path], config: Mapping[Path, Path], project: str, stack: str, *, preview: bool
    ) -> Iterator[Packs]:
        """Start the packs of these folders, all at once, and end them with the block.

        `config` names a JSON file for a pack's folder. Raises PackError for a pack that does not start within
        30 seconds, and for configuration that does not fit.
        """
        with contextlib.ExitStack() as stack_:
            processes = [
                stack_.enter_context(PackProcess(folder, project, stack, preview=preview))
                for folder in folders
            ]
            packs = [Pack(process, process.port()) for process in processes]
            for pack in packs:
                stack_.callback(pack.close)
                pack.configure(config.get(pack.folder))
            yield cls(packs)

    @property
    def any(self) -> bool:
        """Is there any pack?"""
        return bool(self._packs)

    def amend(self, goal: Goal, decided: Mapping[str, Decision]) -> Callable[[Properties], Properties] | None:
        """What remediating policies make of a goal's inputs; None if no policy remediates."""
        healers = [pack for pack in self._packs if pack.remediates]
        if not healers:
            return None

        def amend(inputs: Properties) -> Properties:
            for pack in healers:
                inputs = pack.remediate(request(goal, inputs, decided), inputs)
            return inputs

        return amend

    def analyze(self, goal: Goal, inputs: Properties, decided: Mapping[str, Decision]) -> list[Violation]:
        """The violations of one resource, before it is applied."""
        if not self._packs:
            return []
        asked = request(goal, inputs, decided)
        return [violation for pack in self._packs for violation in pack.analyze(asked)]

    def analyze_stack(
        self,
        goals: Mapping[str, Goal],
        decided: Mapping[str, Decision],
        outputs: Mapping[str, Properties] | None = None,
    ) -> list[Violation]:
        """The violations of all resources together; `outputs` in place of inputs where they are known."""
        known = outputs or {}
        asked = analyzer_pb2.AnalyzeStackRequest(
            resources=[
                resource(goal, known.get(urn, decided[urn].inputs), decided)
                for urn, goal in goals.items()
                if urn in decided
            ]
        )
        return [violation for pack in self._packs for violation in pack.analyze_stack(asked)]


__all__ = ["Packs", "Violation"]
