"""Probes as the kubelet makes them: what is asked, how often, and when the answer counts."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

Object = Mapping[str, Any]
Execute = Callable[[Sequence[str], float], Awaitable[tuple[int, str]]]
"""(argv, timeout in seconds) -> exit code and output of a command in the container."""

_DETAIL = 300


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A probe with the API's defaults filled in; times in seconds."""

    action: Object
    initial_delay: float = 0
    period: float = 10
    timeout: float = 1
    successes: int = 1
    failures: int = 3


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a container answers."""

    address: str
    ports: Mapping[str, int]
    execute: Execute


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Consecutive equal answers so far, and the verdict they led to (None: not yet any)."""

    good: bool = False
    count: int = 0
    verdict: bool | None = None


def parse(specification: Object | None) -> Probe | None:
    """A probe of a container's specification; None when it has none."""
    if not specification:
        return None
    return Probe(
        action={
            key: specification[key]
            for key in ("httpGet", "tcpSocket", "exec", "grpc")
            if key in specification
        },
        initial_delay=specification.get("initialDelaySeconds") or 0,
        period=specification.get("periodSeconds") or 10,
        timeout=specification.get("timeoutSeconds") or 1,
        successes=specification.get("successThreshold") or 1,
        failures=specification.get("failureThreshold") or 3,
    )


def count(tally: Tally, probe: Probe, *, good: bool) -> Tally:
    """The tally after one more answer; the verdict moves only when a threshold is reached."""
    number = tally.count + 1 if tally.good == good else 1
    reached = number >= (probe.successes if good else probe.failures)
    return Tally(good=good, count=number, verdict=good if reached else tally.verdict)


def port_number(port: int | str, names: Mapping[str, int]) -> int | None:
    """A probe's or Service's port, which may be a container port's name."""
    if isinstance(port, int):
        return port
    return names.get(port, int(port) if port.isdigit() else None)


def named_ports(container: Object) -> dict[str, int]:
    """The container's ports that have names."""
    return {one["name"]: one["containerPort"] for one in container.get("ports") or [] if one.get("name")}


async def ask(probe: Probe, target: Target) -> tuple[bool, str]:
    """One answer and, when it is bad, why. Never raises for what the container does."""
    try:
        async with asyncio.timeout(probe.timeout):
            return await _ask(probe, target)
    except TimeoutError:
        return False, f"context deadline exceeded: no answer within {probe.timeout} s"
    except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return False, f"{type(error).__name__}: {error}"[:_DETAIL]


async def _ask(probe: Probe, target: Target) -> tuple[bool, str]:
    action = probe.action
    if "httpGet" in action:
        return await _http(action["httpGet"], target, probe.timeout)
    if "tcpSocket" in action:
        address, port = _endpoint(action["tcpSocket"], target)
        _, writer = await asyncio.open_connection(address, port)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True, ""
    if "exec" in action:
        code, output = await target.execute(action["exec"].get("command") or [], probe.timeout)
        return code == 0, f"command exited with {code}: {output[:_DETAIL]}"
    return (
        False,
        f"probe of kind {sorted(action)} is not supported by the lab: use httpGet, tcpSocket or exec",
    )


def _endpoint(action: Object, target: Target) -> tuple[str, int]:
    port = port_number(action["port"], target.ports)
    if port is None:
        raise ValueError(f"the container has no port named {action['port']!r}")
    return action.get("host") or target.address, port


async def _http(action: Object, target: Target, timeout: float) -> tuple[bool, str]:
    address, port = _endpoint(action, target)
    scheme = (action.get("scheme") or "HTTP").lower()
    path = action.get("path") or "/"
    headers = {one["name"]: one["value"] for one in action.get("httpHeaders") or []}
    url = f"{scheme}://{address}:{port}/{path.lstrip('/')}"
    headers.setdefault("User-Agent", "kube-probe/lab")
    # The kubelet does not verify a probe's certificate: it asks an address, which no certificate names.
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=timeout) as client:  # noqa: S501
        answer = await client.get(url, headers=headers)
    good = 200 <= answer.status_code < 400
    return good, "" if good else f"HTTP probe failed with statuscode: {answer.status_code}"


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a probe's answers are followed. `told` hears of every bad answer, `seen` of every verdict."""

    target: Target
    begun: float
    """When the container started (time.monotonic); the initial delay counts from there."""
    told: Callable[[str], None]
    seen: Callable[[bool | None], None] = lambda _verdict: None
    until: Callable[[bool | None], bool] = lambda _verdict: False


async def follow(probe: Probe, course: Course) -> bool | None:
    """Ask again and again; the verdict at which `course.until` wanted to end."""
    tally = Tally()
    await asyncio.sleep(max(probe.initial_delay - (time.monotonic() - course.begun), 0.0))
    while True:
        asked = time.monotonic()
        good, why = await ask(probe, course.target)
        tally = count(tally, probe, good=good)
        if not good:
            course.told(why)
        course.seen(tally.verdict)
        if course.until(tally.verdict):
            return tally.verdict
        await asyncio.sleep(max(probe.period - (time.monotonic() - asked), 0.0))
