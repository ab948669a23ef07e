"""The account of a month: what each Workload used, and what those used that are gone. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from gpu_hours.workloads import Observed

_HOUR = 3600.0
_LEAST_SECONDS = 0.0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One Workload: GPU-seconds of this month, and how much of its time is in them or in months before."""

    team: str
    engineer: str
    gpu_seconds: float
    counted: float
    gpus: float


@dataclass(frozen=True, kw_only=True)
class Account:
    """`month` is `2026-11` and `looked` the moment of the last look in ISO 8601, both "" before the first; `gone` has
    the GPU-seconds of Workloads that are no more, by team and engineer."""

    month: str = ""
    looked: str = ""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    gone: Mapping[tuple[str, str], float] = field(default_factory=dict)


def advance(account: Account, observed: Iterable[Observed], now: datetime) -> Account:
    """The account after another look.

    What a Workload used since the last look is counted by what it held then or holds now. In a new month everything
    starts from nothing, but for time that was counted already, which stays so.
    """
    account = _in_month(account, f"{now:%Y-%m}")
    month_seconds = (now - now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    entries: dict[str, Entry] = {}
    for one in observed:
        before = account.entries.get(one.uid)
        if before is None and one.gpus is None:
            continue
        known = before or Entry(
            team=one.team,
            engineer=one.engineer,
            gpu_seconds=0.0,
            counted=max(_LEAST_SECONDS, one.seconds - month_seconds),
            gpus=one.gpus or 0.0,
        )
        gpus = known.gpus if one.gpus is None else one.gpus
        more = max(_LEAST_SECONDS, one.seconds - known.counted) * gpus
        entries[one.uid] = replace(
            known,
            team=one.team or known.team,
            gpu_seconds=known.gpu_seconds + more,
            counted=max(known.counted, one.seconds),
            gpus=gpus,
        )
    left = (entry for uid, entry in account.entries.items() if uid not in entries)
    gone = _with(account.gone, left)
    return Account(month=account.month, looked=now.isoformat(), entries=entries, gone=gone)


def _in_month(account: Account, month: str) -> Account:
    if account.month == month:
        return account
    kept = {uid: replace(entry, gpu_seconds=0.0) for uid, entry in account.entries.items()}
    return Account(month=month, entries=kept)


def hours(account: Account) -> dict[tuple[str, str], float]:
    """GPU-hours of the month by team and engineer."""
    used = _with(account.gone, account.entries.values())
    return {who: seconds / _HOUR for who, seconds in used.items()}


def _with(seconds: Mapping[tuple[str, str], float], entries: Iterable[Entry]) -> dict[tuple[str, str], float]:
    """GPU-seconds by team and engineer, and those of the entries besides."""
    found = defaultdict(float, seconds)
    for entry in entries:
        found[entry.team, entry.engineer] += entry.gpu_seconds
    return dict(found)


def dump(account: Account) -> str:
    """The account as text; `load` reads it."""
    gone = [[team, engineer, seconds] for (team, engineer), seconds in account.gone.items()]
    entries = {uid: asdict(entry) for uid, entry in account.entries.items()}
    document = {"month": account.month, "looked": account.looked, "entries": entries, "gone": gone}
    return json.dumps(document, sort_keys=True)


def load(text: str) -> Account:
    """Raises ValueError, KeyError or TypeError for a text that `dump` did not write."""
    given = json.loads(text)
    return Account(
        month=given["month"],
        looked=given.get("looked", ""),
        entries={uid: Entry(**entry) for uid, entry in given["entries"].items()},
        gone={(team, engineer): seconds for team, engineer, seconds in given["gone"]},
    )
