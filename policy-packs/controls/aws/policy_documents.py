"""Policy documents of AWS, from text or mapping to statements. Source: IAM JSON policy elements reference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controls.fields import Fields, Unproved, fields

_UNREADABLE: Final = Fields(Unproved.MALFORMED)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; a single value and a list of one are the same."""

    fields: Fields

    @property
    def allows(self) -> bool:
        """Whether it grants; one that cannot be read might."""
        return self.fields.value("Effect") != "Deny"

    def listed(self, key: str) -> tuple[object, ...]:
        """`Action`, `Resource` and their like."""
        return listed(self.fields.value(key))

    @property
    def principals(self) -> tuple[object, ...]:
        """Everybody named, of whatever kind."""
        given = self.fields.value("Principal")
        if isinstance(given, dict):
            return tuple(one for value in given.values() for one in listed(value))
        return listed(given)

    def conditions(self) -> Iterator[tuple[str, str, tuple[object, ...]]]:
        """Operator, key and values of every condition."""
        for operator, keys in self.fields.section("Condition").present():
            for key, value in fields(keys).present():
                yield operator, key, listed(value)


def statements(policy: object) -> tuple[Statement, ...]:
    """Every statement; a policy that cannot be read is one that says nothing for sure."""
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except (ValueError, RecursionError):
            return (Statement(_UNREADABLE),)
    document = fields(policy, absent=Unproved.MALFORMED)
    if document.unproved:
        return (Statement(document),)
    return tuple(
        Statement(fields(one, absent=Unproved.MALFORMED)) for one in listed(document.value("Statement"))
    )


def listed(value: object) -> tuple[object, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def is_tls_only(statement: Statement) -> bool:
    """Whether it refuses requests without TLS to everybody."""
    if statement.fields.value("Effect") != "Deny" or "*" not in statement.principals:
        return False
    return any(
        key.lower() == "aws:securetransport" and values in (("false",), (False,))
        for _, key, values in statement.conditions()
    )
