"""Deletes resources in reverse dependency order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine import order
from engine import urn as urns
from engine.errors import ClusterUnreachable, Interrupted, ProviderError
from engine.providers import Providers
from engine.providers.base import Action, Provider
from engine.record import Record, Step
from engine.row import Row, uid_of
from engine.state import State


class Remover:
    """Takes resources away; what fails, and all that it needs, stays."""

    def __init__(self, state: State, providers: Providers, record: Record, threads: int) -> None:
        self._state = state
        self._providers = providers
        self._record = record
        self._threads = threads
        self._rows: Mapping[str, Row] = {}
        self._gone: set[str] = set()

    def remove(self, gone: Iterable[str], held: Callable[[Row], str] = lambda _row: "") -> None:
        """Remove these URNs. `held` says why a row must stay for now, "" if it need not."""
        self._rows = self._state.rows()
        self._gone = {urn for urn in gone if urn in self._rows}
        reasons = {urn: reason for urn in self._gone if (reason := held(self._rows[urn]))}
        for urn, reason in reasons.items():
            self._skip(urn, reason)
        targets = self._gone - reasons.keys()
        needs = {urn: self._rows[urn].needs for urn in targets}
        kept = {urn: row.needs for urn, row in self._rows.items() if urn not in targets}
        blocked = order.reverse(needs, self._one, kept=kept, threads=self._threads)
        for urn, user in blocked.items():
            if not self._record.settled(urn):
                self._skip(urn, f"{urns.name_of(user)} ({urns.type_of(user)}) still needs it")

    def _one(self, urn: str) -> bool:
        row = self._rows[urn]
        step = Step(self._record, urn, row.name, row.cluster, "delete")
        if row.options.protect:
            return self._failed(
                urn,
                step,
                f"{row.name} ({row.type}) cannot be deleted because it is protected; apply it once with "
                "protect=False first",
            )
        if self._providers.stopped:
            self._skip(urn, "interrupted")
            return False
        try:
            with step.shown():
                self._delete(row, step)
        except Interrupted as error:
            self._skip(urn, str(error))
            return False
        except ClusterUnreachable as error:
            if self._record.fail(row.provider, str(error)):
                step.tell("failed", str(error))
            self._skip(urn, str(error))
            return False
        except ProviderError as error:
            return self._failed(urn, step, str(error))
        self._record.count("delete")
        return True

    def _delete(self, row: Row, step: Step) -> None:
        if self._touches(row):
            provider = self._provider(row)
            self._state.begin(row.urn, "delete")
            provider.delete(
                Action(
                    urn=row.urn,
                    name=row.name,
                    type=row.type,
                    inputs=row.inputs,
                    old=row,
                    timeout=row.options.timeouts.delete,
                    owners=lambda uid: self._owner(uid, row.urn),
                    progress=step.progress,
                )
            )
        self._state.forget(row.urn)

    def _touches(self, row: Row) -> bool:
        """Is there anything outside of the state to delete?"""
        options = row.options
        return bool(row.provider) and not options.retain_on_delete and options.deleted_with not in self._gone

    def _provider(self, row: Row) -> Provider:
        known = self._providers.known(row.provider)
        if known is not None and known.cluster == row.cluster:
            return known
        holder = self._rows.get(row.provider)
        if holder is None:
            raise ProviderError(f"{row.name} ({row.type}): its provider {row.provider} is not in the state")
        return self._providers.temporary(row.provider, holder.inputs)

    def _owner(self, uid: str, own: str) -> str:
        return next((urn for urn, row in self._state.rows().items() if urn != own and uid_of(row) == uid), "")

    def _failed(self, urn: str, step: Step, message: str) -> bool:
        self._record.fail(urn, message)
        step.tell("failed", message)
        return False

    def _skip(self, urn: str, reason: str) -> None:
        self._record.skip(urn, reason)
        row = self._rows[urn]
        Step(self._record, urn, row.name, row.cluster, "delete").tell("skipped", reason)
