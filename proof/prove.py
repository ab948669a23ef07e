"""The whole proof: everybody asks everything, each person at each server in a thread of its own."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import filelock
import httpx

from config.access import MATRIX, Enforcer, Grant, Matrix, Role
from config.schema import PlatformSettings
from lab.access import environment
from lab.errors import LabError
from lab.folder import LabFolder
from lab.lab import Lab
from lab.progress import Progress
from proof.cells import Answer, Asked, Record
from proof.data import DataProver
from proof.directory import Directory, ServiceAccount
from proof.errors import Impossible, ProofError
from proof.kubernetes import KubernetesProver
from proof.people import People, Person, people
from proof.prover import Prover
from proof.report import Report
from proof.servers import Servers, servers
from proof.tracking import TrackingProver
from proof.users import UsersProver
from proof.vault import VaultProver

ABSENT: Mapping[Enforcer, str] = {Enforcer.LABEL_STUDIO: "Label Studio does not exist yet"}
"""Enforcers that nobody can ask."""

_WORKERS = 6


def prove(
    settings: PlatformSettings, folder: LabFolder, progress: Progress, only: str | None = None
) -> Report:
    """Ask for every cell, in one cluster alone if it is named.

    Raises Impossible when there is nobody to ask, and ProofError when people cannot be made. Whatever is raised,
    an interrupt by the user too, what the proof made is taken away first.
    """
    started = time.monotonic()
    found = servers(settings, folder, only)
    with alone(folder), ended_as_by_the_user(), ExitStack() as opened:
        directory = opened.enter_context(directory_of(found, folder))
        provers = provers_of(found, folder, directory)
        with progress.step("people with one role each"):
            everybody = opened.enter_context(people(directory, found.realm, found.trust))
        answers = ask(MATRIX, provers, everybody, progress)
    return Report(answers=tuple(answers), seconds=time.monotonic() - started)


def provers_of(found: Servers, folder: LabFolder, directory: Directory) -> tuple[Prover, ...]:
    """One for each enforcer that can be asked."""
    site = Lab(folder).site()
    return (
        KubernetesProver(found, site),
        VaultProver(found, site),
        TrackingProver(found),
        DataProver(found, site),
        UsersProver(found, directory),
    )


@contextmanager
def directory_of(found: Servers, folder: LabFolder) -> Iterator[Directory]:
    """The realm's users, by the account that made the realm."""
    given = environment(folder)
    endpoint = f"{found.keycloak}/realms/master/protocol/openid-connect/token"
    account = ServiceAccount(endpoint, given["KEYCLOAK_CLIENT_ID"], given["KEYCLOAK_CLIENT_SECRET"])
    directory = Directory(found.keycloak, found.realm_name, account, httpx.HTTPTransport(verify=found.trust))
    try:
        yield directory
    finally:
        directory.close()


def ask(matrix: Matrix, provers: Sequence[Prover], everybody: People, progress: Progress) -> list[Answer]:
    """Every cell of the matrix, then every row once more for the person without a role.

    A server that cannot be asked at all fails its own cells and no others. An interrupt ends the asking at every
    server; each tidies up before it is raised.
    """
    said: dict[tuple[Enforcer, Role | None], tuple[Asked, ...]] = {}
    stop = threading.Event()
    with ThreadPoolExecutor(len(provers)) as fields:
        try:
            for one in fields.map(lambda prover: _ask_one(prover, everybody, progress, stop), provers):
                said.update(one)
        except BaseException:
            stop.set()
            raise
    gaps = {prover.enforcer: prover.gap for prover in provers}
    cells = [(cell.permission, cell.role, cell.grant, cell.enforcer) for cell in matrix.cells()]
    rows = [(row, None, Grant.NO, matrix.enforcers[row.resource]) for row in matrix.grants]
    return [
        Answer(
            permission=permission,
            role=role,
            expected=expected,
            enforcer=enforcer,
            asked=tuple(one for one in said.get((enforcer, role), ()) if one.permission == permission),
            gap=ABSENT.get(enforcer) or gaps[enforcer](permission, role),
        )
        for permission, role, expected, enforcer in (*cells, *rows)
    ]


def _ask_one(
    prover: Prover, everybody: People, progress: Progress, stop: threading.Event
) -> dict[tuple[Enforcer, Role | None], tuple[Asked, ...]]:
    records = {person.role: Record(stop) for person in everybody.asking}
    with progress.step(f"asking {prover.enforcer}"):
        try:
            with prover.ready(everybody), ThreadPoolExecutor(_WORKERS) as pool:
                list(pool.map(lambda person: _ask_as(prover, person, records[person.role]), everybody.asking))
        except (ProofError, LabError, httpx.HTTPError) as error:
            for record in records.values():
                record.broke_off(MATRIX.of(prover.enforcer), error)
    return {(prover.enforcer, role): tuple(record.asked) for role, record in records.items()}


def _ask_as(prover: Prover, person: Person, record: Record) -> None:
    try:
        prover.ask(person, record)
    except (ProofError, LabError, httpx.HTTPError) as error:
        record.broke_off(MATRIX.of(prover.enforcer), error)


@contextmanager
def alone(folder: LabFolder) -> Iterator[None]:
    """One proof at a time, as each removes what an earlier one left. Raises Impossible while there is another."""
    lock = filelock.FileLock(folder.run / "proof.lock", timeout=0)
    try:
        with lock:
            yield
    except filelock.Timeout:
        raise Impossible("another proof is under way in this lab: wait for its end") from None


@contextmanager
def ended_as_by_the_user() -> Iterator[None]:
    """SIGTERM is answered as Ctrl-C is, by KeyboardInterrupt. Signals reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
