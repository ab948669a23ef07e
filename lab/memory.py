"""What a lab remembers between two starts (`lab.json`): ports, loopback block, its clusters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from lab.errors import Refusal
from lab.folder import LabFolder, write_private

_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Memory:
    """`ports` is keyed by what listens there; `block` is N of the addresses 127.N.x.y of real pods."""

    ports: Mapping[str, int] = field(default_factory=dict)
    block: int = 0
    clusters: tuple[str, ...] = ()


def recall(folder: LabFolder) -> Memory | None:
    """What was remembered, None in a new lab. Raises Refusal when lab.json cannot be understood."""
    try:
        document = json.loads(folder.memory.read_text(encoding="utf-8"))
        if document.pop("version") != _VERSION:
            raise ValueError("its version is another")
        document["clusters"] = tuple(document["clusters"])
        return Memory(**document)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal(
            f"{folder.memory}: not a lab's memory ({error}): restore it, or remove the lab with "
            "`mlops lab down --purge`"
        ) from error


def remember(folder: LabFolder, memory: Memory) -> None:
    """Write lab.json in one step."""
    write_private(folder.memory, json.dumps({"version": _VERSION, **asdict(memory)}, indent=1) + "\n")
