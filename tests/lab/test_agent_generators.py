from __future__ import annotations

from typing import Any

import pytest

from lab.agent.errors import SyncError
from lab.agent.generators import Lease, Made, generator_name, generator_path


def generator(**spec: Any) -> dict[str, Any]:
    provider = {"server": "https://bao", "auth": {"kubernetes": {"role": "mlflow"}}}
    return {
        "metadata": {"name": "login"},
        "spec": {"path": "database/creds/mlflow", "provider": provider} | spec,
    }


def test_a_generator_reads_its_path() -> None:
    assert generator_path(generator(method="GET", resultType="Data")) == "database/creds/mlflow"
    assert generator_path(generator(path="/database/creds/mlflow")) == "database/creds/mlflow"
    assert generator_path(generator(allowEmptyResponse=False)) == "database/creds/mlflow"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"method": "POST"}, "method POST"),
        ({"resultType": "Auth"}, "resultType Auth"),
        ({"parameters": {"ttl": "1h"}}, "spec.parameters"),
        ({"retrySettings": {"maxRetries": 3}}, "spec.retrySettings"),
        ({"path": "database/../secret/data/mlflow/x"}, "leaves its mount"),
    ],
)
def test_what_the_lab_does_not_support_is_refused_by_name(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(SyncError, match=f"'login': .*{said}"):
        generator_path(generator(**spec))


@pytest.mark.parametrize(
    "source",
    [
        {"storeRef": {"name": "platform"}},
        {"generatorRef": {"kind": "Password", "name": "p"}},
        {"generatorRef": {"kind": "ClusterGenerator", "name": "p"}},
        {"generatorRef": {"kind": "VaultDynamicSecret", "name": "p", "apiVersion": "other/v1"}},
    ],
)
def test_another_source_is_refused(source: dict[str, Any]) -> None:
    with pytest.raises(SyncError, match="only a generatorRef of"):
        generator_name(source)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def made(clock: Clock, *seconds: float) -> Made:
    found = Made(clock)
    for number, one in enumerate(seconds):
        found.keep(f"g{number}", Lease(data={}, seconds=one))
    return found


@pytest.mark.parametrize(
    ("refresh", "leases", "due"),
    [
        (1800, (3600,), 1900),
        (3600, (900,), 700),
        (0, (3600,), 2500),
        (0, (), float("inf")),
        (60, (0,), 160),
        (0, (3600, 300), 300),
    ],
)
def test_another_one_is_due_by_the_interval_or_before_the_lease_ends(
    refresh: float, leases: tuple[float, ...], due: float
) -> None:
    assert made(Clock(), *leases).due(refresh) == due


def test_a_failed_attempt_does_not_have_more_made_until_the_lease_nears_its_end() -> None:
    clock = Clock()
    found = made(clock, 900)
    assert found.holds("g0")
    assert not found.holds("another")
    clock.now += 599
    assert found.holds("g0")
    clock.now += 2
    assert not found.holds("g0")


def test_what_was_made_is_never_shown() -> None:
    assert "open sesame" not in repr(Lease(data={"password": "open sesame"}, seconds=1))
