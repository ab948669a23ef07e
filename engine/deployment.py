"""`up` and `destroy`: bring a stack to what its program says, or take it away."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine import urn as urns
from engine.apply import Applier
from engine.errors import EngineError, ProgramError
from engine.events import OnEvent, ignore
from engine.interrupt import graceful
from engine.monitor import stack_urn
from engine.packs import Packs, Violation
from engine.program import run_program
from engine.project import Project
from engine.providers import Providers
from engine.providers.base import Settings
from engine.record import Record
from engine.remove import Remover
from engine.row import Row
from engine.state import State
from engine.values import UNKNOWN, Properties, masked

_THREADS = 32
_INTERRUPTED = "interrupted; the next run takes up what was begun"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run did. `changes` counts resources by operation, `failed` and `skipped` among them.

    Failures come as (URN, message), skips as (URN, reason); a cluster that could not be reached is one failure
    of its provider. Secrets in `outputs` are masked.
    """

    changes: Mapping[str, int]
    failures: tuple[tuple[str, str], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    violations: tuple[Violation, ...] = ()
    outputs: Properties = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Did everything go as asked for?"""
        return not self.failures and not self.skipped

    @property
    def changed(self) -> bool:
        """Was anything changed?"""
        return any(self.changes[operation] for operation in ("create", "update", "replace", "delete"))


def up(
    project: Project,
    stack: str,
    *,
    state: State,
    packs: Sequence[Path] = (),
    pack_config: Mapping[Path, Path] | None = None,
    on_event: OnEvent = ignore,
    connect_timeout: float = 10.0,
    threads: int = _THREADS,
) -> Result:
    """Run the program, apply what it registers, delete what it registers no longer.

    One resource's failure stops what needs it and nothing else; it is in the result. Raises Refusal before
    anything is touched, and PackError. A program that fails half-way is a failure of the stack's URN; nothing
    is deleted then, nor on a cluster on which something failed.
    """
    started = time.monotonic()
    config = project.stack_config(stack)
    providers = Providers(Settings(root=project.root, connect_timeout=connect_timeout))
    record = Record(on_event)
    try:
        with (
            graceful(providers.stop),
            Packs.start(packs, pack_config or {}, project.name, stack, preview=False) as running,
        ):
            applier = Applier(state, providers, running, record)
            finished = _run(project, stack, applier, record, config, threads)
            if providers.stopped:
                record.fail(stack_urn(project.name, stack), _INTERRUPTED)
            elif finished:
                _judge_stack(running, applier, record, state, project, stack)
                for event in running.said():
                    on_event(event)
                _clean(state, providers, applier, record, threads)
                state.set_outputs(_known(applier.stack_outputs))
    finally:
        providers.close()
    return _result(record, started, violations=applier.violations, outputs=applier.stack_outputs)


def destroy(
    project: Project,
    stack: str,
    *,
    state: State,
    on_event: OnEvent = ignore,
    connect_timeout: float = 10.0,
    threads: int = _THREADS,
) -> Result:
    """Delete every resource of the state, in reverse dependency order. Does not run the program."""
    started = time.monotonic()
    providers = Providers(Settings(root=project.root, connect_timeout=connect_timeout))
    record = Record(on_event)
    try:
        with graceful(providers.stop):
            Remover(state, providers, record, threads).remove(state.rows())
        if providers.stopped:
            record.fail(stack_urn(project.name, stack), _INTERRUPTED)
    finally:
        providers.close()
    if not state.rows():
        state.set_outputs({})
    return _result(record, started)


def _run(
    project: Project, stack: str, applier: Applier, record: Record, config: Mapping[str, str], threads: int
) -> bool:
    """Run the program; a failure of its own is noted unless nothing has been done yet."""
    try:
        run_program(project, stack, applier, preview=False, config=config, threads=threads)
    except ProgramError as error:
        record.fail(stack_urn(project.name, stack), str(error))
        return False
    except EngineError as error:
        if not record.touched:
            raise
        record.fail(stack_urn(project.name, stack), str(error))
        return False
    return True


def _judge_stack(
    packs: Packs, applier: Applier, record: Record, state: State, project: Project, stack: str
) -> None:
    """A stack that is not whole is not judged as one (as in pulumi's deployment executor): what failed would be missed
    by what it serves."""
    if not packs.any or record.failures:
        return
    outputs = {urn: row.outputs for urn, row in state.rows().items() if row.custom}
    violations = packs.analyze_stack(applier.goals, applier.decisions, outputs)
    applier.violations += violations
    for violation in violations:
        if violation.mandatory:
            where = violation.urn or stack_urn(project.name, stack)
            record.fail(where, f"policy {violation.pack}/{violation.policy}: {violation.message}")


def _clean(state: State, providers: Providers, applier: Applier, record: Record, threads: int) -> None:
    """Delete what the program registers no longer, except on clusters with failures."""
    rows = state.rows()
    gone = [urn for urn in rows if urn not in applier.goals and urn not in applier.claimed]
    if not gone:
        return
    troubled = {_cluster(urn, rows, applier, providers) for urn in (*record.failures, *record.skipped)}

    def held(row: Row) -> str:
        return f"something failed on cluster {row.cluster}" if row.cluster in troubled and row.cluster else ""

    Remover(state, providers, record, threads).remove(gone, held)


def _cluster(urn: str, rows: Mapping[str, Row], applier: Applier, providers: Providers) -> str | None:
    goal = applier.goals.get(urn)
    if goal is not None:
        known = providers.known(urn if urns.is_provider(goal.type) else goal.provider)
        return known.cluster if known is not None else None
    return rows[urn].cluster if urn in rows else None


def _known(outputs: Properties) -> Properties:
    return {key: value for key, value in outputs.items() if value is not UNKNOWN}


def _result(
    record: Record, started: float, violations: Sequence[Violation] = (), outputs: Properties | None = None
) -> Result:
    return Result(
        changes=dict(record.changes),
        failures=tuple(record.failures.items()),
        skipped=tuple(record.skipped.items()),
        violations=tuple(violations),
        outputs=masked(outputs or {}),
        seconds=round(time.monotonic() - started, 3),
    )
