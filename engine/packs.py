"""The policy packs of a run: each a process of its own, asked as the pulumi command asks it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pulumi.runtime.proto import analyzer_pb2

from engine.decide import Decision
from engine.events import Event
from engine.goal import Goal
from engine.pack import Answer, Pack, Violation
from engine.pack_process import PackProcess
from engine.pack_requests import Requests
from engine.values import Properties


class Packs:
    """The packs of one preview or deployment. Usable from several threads.

    Their processes start while the program does; whoever asks first waits until they are ready. So nothing is
    applied before every pack is known to run, and PackError comes with the first question: for a pack that does
    not start within 30 seconds, and for configuration that does not fit.
    """

    def __init__(self, processes: Sequence[PackProcess], config: Mapping[Path, Path]) -> None:
        self._processes = processes
        self._config = config
        self._connected: list[Pack] | None = None
        self._channels = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._requests = Requests()

    @classmethod
    @contextlib.contextmanager
    def start(
        cls, folders: Sequence[Path], config: Mapping[Path, Path], project: str, stack: str, *, preview: bool
    ) -> Iterator[Packs]:
        """Start the packs of these folders, all at once, and end them with the block.

        `config` names a JSON file for a pack's folder. Raises PackError for a folder that holds no pack.
        """
        with contextlib.ExitStack() as processes:
            packs = cls(
                [
                    processes.enter_context(PackProcess(folder, project, stack, preview=preview))
                    for folder in folders
                ],
                config,
            )
            with packs._channels:
                yield packs

    @property
    def _packs(self) -> list[Pack]:
        with self._lock:
            if self._connected is None:
                self._connected = [self._connect(process) for process in self._processes]
            return self._connected

    def _connect(self, process: PackProcess) -> Pack:
        pack = Pack(process, process.port())
        self._channels.callback(pack.close)
        pack.configure(self._config.get(pack.folder))
        return pack

    @property
    def any(self) -> bool:
        """Is there any pack?"""
        return bool(self._processes)

    def amend(self, goal: Goal, decided: Mapping[str, Decision]) -> Callable[[Properties], Properties] | None:
        """What remediating policies make of a goal's inputs; None if no policy remediates."""
        healers = [pack for pack in self._packs if pack.remediates]
        if not healers:
            return None

        def amend(inputs: Properties) -> Properties:
            for pack in healers:
                inputs = pack.remediate(self._requests.one(goal, inputs, decided), inputs)
            return inputs

        return amend

    def ask(self, goal: Goal, inputs: Properties, decided: Mapping[str, Decision]) -> Answer:
        """Ask for the violations of one resource, and do not wait for them."""
        asked = self._requests.one(goal, inputs, decided) if self._packs else None
        answers = [pack.ask(asked) for pack in self._packs]
        return lambda: [violation for answer in answers for violation in answer()]

    def analyze(self, goal: Goal, inputs: Properties, decided: Mapping[str, Decision]) -> list[Violation]:
        """The violations of one resource, before it is applied."""
        return self.ask(goal, inputs, decided)()

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
                self._requests.among_all(goal, known.get(urn, decided[urn].inputs), decided)
                for urn, goal in goals.items()
                if urn in decided
            ]
        )
        return [violation for pack in self._packs for violation in pack.analyze_stack(asked)]

    def said(self) -> list[Event]:
        """What the packs have printed, such as how many exemptions there are."""
        return [
            Event(kind="progress", urn="", name="", cluster=None, operation="info", message=line)
            for process in self._processes
            for line in process.said()
        ]


__all__ = ["Answer", "Packs", "Violation"]
