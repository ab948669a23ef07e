"""When an ended container starts again, and after how long. Pure."""

from __future__ import annotations

_FIRST, _LONGEST = 1.0, 300.0
_FORGET_AFTER = 600.0


def restarts(policy: str, exit_code: int) -> bool:
    """Whether a container of this restart policy runs again after ending with `exit_code`."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def back_off(failures: int) -> float:
    """Seconds before the next start after `failures` ends in a row.

    The kubelet's curve (at once, then doubling up to five minutes) from 1 s instead of its 10 s.
    """
    if failures <= 1:
        return 0.0
    return float(min(_FIRST * 2 ** (failures - 2), _LONGEST))


def counted(failures: int, seconds: float) -> int:
    """Ends in a row after one more, which came `seconds` after its start; ten good minutes are a new
    beginning."""
    return 1 if seconds >= _FORGET_AFTER else failures + 1
