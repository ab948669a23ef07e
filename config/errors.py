"""The one exception of `config/`: settings that cannot be used, with every mistake that was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake. `given` and `remedy` are phrases; `line` counts from 1 and is None where it is unknown.

    `key` is the full path as one would write it, `settings.clusters[1].name`; it is empty when the file as
    a whole is at fault.
    """

    file: str
    line: int | None
    key: str
    given: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        subject = f" {self.key}:" if self.key else ""
        return f"{place}:{subject} {self.given}; {self.remedy}"


class SettingsError(Exception):
    """The settings are refused. Nothing was read from them, and nothing may be touched.

    `problems` holds every mistake in the order of the file; `str()` gives one line for each.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class AccessError(Exception):
    """A role, resource, action or cell that the permission matrix does not have."""
