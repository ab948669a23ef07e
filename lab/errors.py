"""The lab's exception tree.

LabError
├── Refusal            the request cannot be met as given; nothing was touched
│   ├── TopologyError      two clusters share a name, overlapping CIDRs, ...
│   └── Busy               another `lab up` or `lab down` holds the lab
└── Failure            something that should have worked did not
    ├── ProcessFailed      a process ended or never became ready; names its log
    ├── SupervisorFailed   the supervisor does not answer or refuses
    ├── PrivilegeMissing   a server that refuses root cannot be run as another user here
    ├── ApiFailed          an API server answered with a status that was not expected
    └── BootstrapFailed    a server runs but its first-time set-up does not hold

Every message names the process, file or cluster, says what was seen, and ends with the remedy. No message
holds a secret.
"""

from __future__ import annotations

from pathlib import Path


class LabError(Exception):
    """Base of everything the lab raises on purpose."""


class Refusal(LabError):
    """The request cannot be met as given; nothing was touched."""


class TopologyError(Refusal):
    """The topology contradicts itself."""


class Busy(Refusal):
    """Another command holds the lab."""


class Failure(LabError):
    """Something that should have worked did not."""


class ProcessFailed(Failure):
    """A process ended, or was not ready in time. The message holds its last log lines and the log's path."""

    def __init__(self, process: str, seen: str, log: Path, tail: str = "") -> None:
        self.process = process
        self.log = log
        lines = f"\n  last lines of its log:\n{tail}" if tail else ""
        super().__init__(f"{process}: {seen}{lines}\n  whole log: {log}")


class SupervisorFailed(Failure):
    """The supervisor does not answer or refuses."""


class PrivilegeMissing(Failure):
    """A server that refuses root cannot be run as another user on this machine."""


class ApiFailed(Failure):
    """An API server answered with a status that was not expected, or (status 0) did not answer."""

    def __init__(self, what: str, status: int, message: str) -> None:
        self.status = status
        answered = f"the API server answered {status}: " if status else ""
        super().__init__(f"{what}: {answered}{message}")


class BootstrapFailed(Failure):
    """A server runs but its first-time set-up does not hold."""
