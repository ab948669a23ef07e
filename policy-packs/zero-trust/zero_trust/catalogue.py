"""Every control of the pack, in the order of the catalogue. A new control is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from zero_trust.control import Control
from zero_trust.pods import Pod
from zero_trust.workloads import (
    capabilities,
    host_access,
    host_path,
    isolation,
    non_root,
    privilege_escalation,
    privileged,
    read_only_root,
    resource_bounds,
    seccomp,
    volume_types,
)

POD_CONTROLS: Final[tuple[Control[Pod], ...]] = (
    privileged.CONTROL,
    host_access.CONTROL,
    host_path.CONTROL,
    privilege_escalation.CONTROL,
    capabilities.CONTROL,
    non_root.CONTROL,
    seccomp.CONTROL,
    volume_types.CONTROL,
    read_only_root.CONTROL,
    isolation.CONTROL,
    resource_bounds.CONTROL,
)

CONTROLS: Final[Mapping[str, Control[Any]]] = MappingProxyType({c.id: c for c in POD_CONTROLS})
"""Control id to control, of every family."""
