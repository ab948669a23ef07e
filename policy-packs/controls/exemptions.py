"""Recorded exceptions: each names one finding exactly, says who answers for it, and ends on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Which object; namespace and name are empty where the object states none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemption:
    """Lets one control pass on one object up to and including `expiry` (UTC); nothing is a pattern.

    An entry past its day no longer exempts and is itself a violation, as is one that exempts nothing.
    """

    control: str
    kind: str
    namespace: str
    name: str
    owner: str
    reason: str
    expiry: date

    @property
    def place(self) -> Place:
        return Place(kind=self.kind, namespace=self.namespace, name=self.name)

    def in_force(self, today: date) -> bool:
        return today <= self.expiry

    def covers(self, control: str, place: Place) -> bool:
        return control == self.control and place == self.place
