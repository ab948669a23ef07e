"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.workloads import (
    capabilities,
    host_access,
    host_path,
    isolation,
    namespaced,
    non_root,
    pod_security,
    privilege_escalation,
    privileged,
    read_only_root,
    resource_bounds,
    seccomp,
    volume_types,
)

CONTROLS: Final[tuple[Control, ...]] = (
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
    namespaced.CONTROL,
    pod_security.CONTROL,
)
