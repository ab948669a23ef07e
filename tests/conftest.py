"""What may run beside what: tests that need servers run one after another, for two labs at once would fight for the
machine; all others run a file at a time, so that what a file prepares is prepared once."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_SERVERS = ("tests/lab/", "tests/platform/")


class ByNeed(LoadScopeScheduling):  # type: ignore[misc]
    """Sends tests of one scope to one process; scopes with the most tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return "servers" if nodeid.startswith(_SERVERS) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByNeed:
    return ByNeed(config, log)
