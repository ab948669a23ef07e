"""What was asked for each cell, and what the answers say about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

import httpx

from config.access import Enforcer, Grant, Permission, Role
from proof.errors import ProofError, Stopped, Unexpected


class Scope(Enum):
    """Whose things a question is about. `MINE` is what belongs to the person, or to the person's own part."""

    MINE = "mine"
    OTHERS = "others"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question and its answer; without one, `trouble` says what came instead. `seconds` is how long it took."""

    permission: Permission
    scope: Scope
    question: str
    allowed: bool | None
    trouble: str = ""
    seconds: float = 0.0


class Record:
    """One person's questions to one server, in the order in which they were asked, until `stop` is set."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.asked: list[Asked] = []
        self._stop = stop or threading.Event()

    def ask(self, permission: Permission, scope: Scope, question: str, deed: Callable[[], bool]) -> None:
        """Ask; what goes wrong is kept as the answer, so that the other questions are still asked.

        Raises Stopped once nothing more is to be asked.
        """
        if self._stop.is_set():
            raise Stopped("the proof was interrupted")
        started = time.monotonic()
        allowed, trouble = None, ""
        try:
            allowed = deed()
        except (ProofError, httpx.HTTPError) as error:
            trouble = str(error) or type(error).__name__
        self.asked.append(
            Asked(
                permission=permission,
                scope=scope,
                question=question,
                allowed=allowed,
                trouble=trouble,
                seconds=time.monotonic() - started,
            )
        )

    def broke_off(self, permissions: Iterable[Permission], error: Exception) -> None:
        """Asking ended before its end: none of these rows counts as answered."""
        trouble = str(error) or type(error).__name__
        self.asked += [
            Asked(permission=one, scope=Scope.OTHERS, question="asking", allowed=None, trouble=trouble)
            for one in permissions
        ]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One cell as its server answered it, beside what the matrix says. `role` is None for a person without one,
    who is to get nothing. `gap` says why nothing can be asked (yet), empty if all was asked."""

    permission: Permission
    role: Role | None
    expected: Grant
    enforcer: Enforcer
    asked: tuple[Asked, ...] = ()
    gap: str = ""

    @property
    def answered(self) -> Grant | None:
        """What the answers amount to; None when they contradict each other or are missing."""
        mine = {one.allowed for one in self.asked if one.scope is Scope.MINE}
        others = {one.allowed for one in self.asked if one.scope is Scope.OTHERS}
        first, second = mine or others, others or mine
        if None in first | second or len(first) != 1 or len(second) != 1:
            return None
        match True in first, True in second:
            case True, True:
                return Grant.YES
            case True, False:
                return Grant.LIMITED if self.enforcer is Enforcer.VAULT else Grant.OWN
            case False, False:
                return Grant.NO
        return None

    @property
    def covered(self) -> bool:
        """Whether the server's answers say all that the cell says. What was let through that must not be is never
        hidden behind a gap."""
        return not self.gap or any(one.allowed or one.trouble for one in self.asked)

    @property
    def failed(self) -> bool:
        return self.covered and self.answered is not self.expected

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.asked)

    @property
    def name(self) -> str:
        """The cell, as a report names it."""
        return f"{self.permission} ({self.role or 'no role'})"

    @property
    def detail(self) -> str:
        """The questions whose answers are not as expected, each with its answer; else how many were asked."""
        if not self.covered:
            return self.gap
        wrong = [one for one in self.asked if one.allowed is not self._wanted(one.scope)]
        if not self.asked:
            return "nothing was asked"
        return "; ".join(map(_told, wrong)) or f"{len(self.asked)} asked"

    def _wanted(self, scope: Scope) -> bool:
        return self.expected is Grant.YES or (self.expected is not Grant.NO and scope is Scope.MINE)


def verdict(answer: httpx.Response) -> bool:
    """Whether a server did what it was asked. Raises Unexpected for an answer that is neither yes nor no."""
    if answer.is_success:
        return True
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return False
    request = answer.request
    raise Unexpected(
        f"{request.method} {request.url.path} was answered {answer.status_code}: {answer.text[:200]}"
    )


def _told(one: Asked) -> str:
    said = one.trouble or ("allowed" if one.allowed else "refused")
    return f"{one.question}: {said}"
