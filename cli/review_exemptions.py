"""The exemptions of the packs that a stack uses, and which of them a change brings or takes away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from controls.exemptions import Exemption, Place
from controls.judge import EXPIRED, UNMATCHED
from controls.manifests import InputError, read_configuration

from cli.target import pack_configuration

UNUSED = frozenset({EXPIRED, UNMATCHED})
"""What the packs say of an exemption that is past its day or exempts nothing."""


@dataclass(frozen=True, kw_only=True)
class Exemptions:
    """Those in use after the change, those of them that it adds, and those that it removes."""

    used: tuple[Exemption, ...] = ()
    added: tuple[Exemption, ...] = ()
    removed: tuple[Exemption, ...] = ()


def configured(root: Path, stack: str) -> list[Exemption]:
    """Every exemption of a stack below `root`; none where it has no file, or one that the packs refuse."""
    file = pack_configuration(root, stack)
    if not file.is_file():
        return []
    try:
        return [one for pack in read_configuration(str(file)).values() for one in pack.exemptions]
    except InputError:
        return []


def compared(
    before: Sequence[Exemption], after: Sequence[Exemption], findings: Sequence[tuple[str, str]]
) -> Exemptions:
    """`findings` are controls and messages: every exemption is used but those that UNUSED name."""
    said = [message for control, message in findings if control in UNUSED]
    return Exemptions(
        used=tuple(one for one in after if not any(_named(one, message) for message in said)),
        added=tuple(one for one in after if one not in before),
        removed=tuple(one for one in before if one not in after),
    )


def _named(one: Exemption, message: str) -> bool:
    return f"{one.place}: " in message and one.control in message


def line_of(text: str, place: str) -> int | None:
    """The line on which a configuration (JSON or YAML) begins its exemption for the object of that place."""
    pending = [yaml.compose(text, Loader=yaml.SafeLoader)]
    while pending:
        node = pending.pop()
        if isinstance(node, yaml.SequenceNode):
            pending += node.value
        if isinstance(node, yaml.MappingNode):
            given = {key.value: value.value for key, value in node.value}
            if str(Place(**{key: str(given.get(key, "")) for key in ("kind", "namespace", "name")})) == place:
                return int(node.start_mark.line) + 1
            pending += [value for _, value in node.value]
    return None
