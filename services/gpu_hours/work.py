"""The round: look, count, keep, decide, change; and the figures for whoever draws or alerts on them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from gpu_hours.account import Account, advance, hours
from gpu_hours.cluster import Cluster
from gpu_hours.decisions import Change, of_queues, of_workloads
from gpu_hours.idle import of_environments, utilisation
from gpu_hours.settings import Settings
from gpu_hours.workloads import observe

_EVERY_SECONDS = 60.0

_log = logging.getLogger("gpu_hours")


class GpuHours:
    """The service's state between two rounds: the account, which a new start reads back."""

    def __init__(self, settings: Settings, namespace: str) -> None:
        self._settings, self._namespace = settings, namespace
        self._account: Account | None = None

    async def work(self, api: httpx.AsyncClient, done: Callable[[], None]) -> None:
        """For ever, a round a minute; one that fails is said and done again."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as exporters:
            cluster = Cluster(api, exporters, self._namespace)
            while True:
                try:
                    await self.round(cluster, datetime.now(UTC))
                    done()
                except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                    _log.warning("this round: %s", error or type(error).__name__)
                await asyncio.sleep(_EVERY_SECONDS)

    async def round(self, cluster: Cluster, now: datetime) -> None:
        """One round. The account is kept before anything is decided on it."""
        settings = self._settings
        seen = [observe(one, settings.worth, now) for one in await cluster.workloads()]
        before = self._account or await cluster.account()
        account = advance(before, seen, now)
        await cluster.keep(account)
        self._account = account
        used = hours(account)
        changes: list[Change] = [*of_queues(await cluster.queues(), used, settings.budgets)]
        changes += of_workloads(seen, await cluster.entries(), account, before, settings.budgets)
        if settings.idle:
            changes += of_environments(seen, utilisation(await cluster.figures()), settings.idle, now)
        for change in changes:
            await cluster.change(change, now)

    async def metrics(self, _: Request) -> PlainTextResponse:
        """In Prometheus' text format: an alert compares the two."""
        return PlainTextResponse("".join(f"{line}\n" for line in self._figures()))

    def _figures(self) -> Iterator[str]:
        yield "# HELP mlops_gpu_hours_used GPU-hours of this calendar month (UTC)."
        yield "# TYPE mlops_gpu_hours_used gauge"
        for (team, engineer), value in sorted(hours(self._account or Account()).items()):
            yield f'mlops_gpu_hours_used{{team="{team}",engineer="{engineer}"}} {value:.6f}'
        yield "# HELP mlops_gpu_hours_budget GPU-hours that may be used in a calendar month."
        yield "# TYPE mlops_gpu_hours_budget gauge"
        for team, budget in sorted(self._settings.budgets.items()):
            if budget.team is not None:
                yield f'mlops_gpu_hours_budget{{team="{team}"}} {budget.team:g}'
