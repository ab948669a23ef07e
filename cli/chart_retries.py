"""Charts whose repository does not answer: tried again, and named when it stays so.

Pulumi's provider fetches each chart once in every preview and update, and one repository that is slow fails the
whole run; what the run has done by then stays, so another one goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import tenacity

from cli.console import err
from cli.errors import CommandFailed

T = TypeVar("T")

ATTEMPTS = 4
WAIT = tenacity.wait_exponential(multiplier=2, max=30)
"""Seconds between two attempts: 2, 4, 8."""

_CHART = re.compile(
    r"helm\.sh/v4:Chart resource '(?P<name>[^']+)' has a problem: unable to locate the chart: (?P<why>.+)"
)
"""How the provider says that it has no chart (pulumi-kubernetes, provider/pkg/provider/helm/v4)."""
_PASSES = re.compile(
    r"cannot be reached|connection (refused|reset)|time(d )?out|deadline exceeded|\bEOF\b|no such host"
    r"|temporary failure|\b(429|50[0234])\b",
    re.IGNORECASE,
)
"""What may be otherwise a moment later; a chart or a version that a repository lacks stays lacking."""


class ChartsUnreachable(CommandFailed):
    """Repositories that did not answer; the message has a line for each chart."""


def check_charts(output: str) -> None:
    """Raise ChartsUnreachable where pulumi's output says that a repository did not answer."""
    found = {match["name"]: match["why"].strip() for match in _CHART.finditer(output)}
    if passing := {name: why for name, why in found.items() if _PASSES.search(why)}:
        raise ChartsUnreachable("\n".join(f"chart {name}: {why}" for name, why in sorted(passing.items())))


def with_retries(run: Callable[[], T]) -> T:
    """What `run` gives, tried again while it raises ChartsUnreachable; raises the last one with the remedy."""
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(ChartsUnreachable),
        wait=WAIT,
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        before_sleep=_tell,
        reraise=True,
    )
    try:
        return retrying(run)
    except ChartsUnreachable as error:
        raise CommandFailed(
            f"{error}\nno answer in {ATTEMPTS} attempts; `charts.mirror` names a repository of your own"
        ) from error


def _tell(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    seconds = state.next_action.sleep if state.next_action else 0
    err.print(
        f"{error}\ntrying again in {seconds:.0f} s ({state.attempt_number} of {ATTEMPTS})",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
