"""Names that are true in a container, turned into those that are true for a process on this machine.

Three kinds of text are replaced in environment values, arguments and the working directory, in one pass, so
that nothing is replaced twice: mount paths (longest first, only whole path components), service names in
the cluster's DNS, and the wildcard address 0.0.0.0, which in a pod means "my addresses" and here the pod's
loopback address. The contents of mounted files are never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_COMPONENT = r"\w.~%+\-@*\[{$\\"
"""Characters that continue a path component, so a mount path before one of them is not the whole component.
"""

_BEFORE_PATH = (
    r"(?:(?<![\w.~%+\-*?/})\]\\])"  # not in the middle of another path
    r"|(?<=:///)"  # sqlite:////data/x.db
    r"|(?<=(?<!sqlite)://))"  # file:///data/x; sqlite:///data/x is relative
)
_AFTER_PATH = rf"(?![{_COMPONENT}])"
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_HOST = (
    rf"(?<![\w.-])(?P<service>{_LABEL})\.(?P<namespace>{_LABEL})\.svc(?:\.cluster\.local\.?)?(?![\w-]|\.\w)"
    r"(?::(?P<port>\d{1,5})(?!\d))?"
)
_SCHEME = r"(?:(?P<scheme>https?)://)?"
_ANY = r"(?<![\w.])0\.0\.0\.0(?![\w.]|/\d)"
_DEFAULT_PORTS = {"http": 80, "https": 443}

ServiceAddress = Callable[[str, str], str]
"""(namespace, service) -> the loopback address that stands for the service's cluster IP."""


@dataclass(frozen=True, kw_only=True)
class Rewriter:
    """Rewrites text of one container.

    `mounts` maps absolute container paths to paths on this machine; a mount at "/" is ignored. `ports` maps a
    service port to the one the forwarder listens on (they differ for ports this user may not open).
    """

    mounts: Mapping[str, str] = field(default_factory=dict)
    pod_address: str = "127.0.0.1"
    service_address: ServiceAddress | None = None
    ports: Callable[[int], int] = int

    def text(self, value: str) -> str:
        """`value` with every mount path, service name and wildcard address replaced."""
        return self._pattern().sub(self._replacement, value)

    def path(self, value: str) -> str | None:
        """A container path as a path on this machine; None when no mount holds it."""
        wanted = PurePosixPath(value)
        for mount in self._paths():
            if wanted.is_relative_to(mount):
                return str(PurePosixPath(self.mounts[mount]) / wanted.relative_to(mount))
        return None

    def _paths(self) -> list[str]:
        return sorted((path for path in self.mounts if path.strip("/")), key=len, reverse=True)

    def _pattern(self) -> re.Pattern[str]:
        choices = [_ANY]
        if paths := [re.escape(path.rstrip("/")) for path in self._paths()]:
            choices.append(f"{_BEFORE_PATH}(?P<path>{'|'.join(paths)}){_AFTER_PATH}")
        if self.service_address is not None:
            choices.append(_SCHEME + _HOST)
        return re.compile("|".join(choices))

    def _replacement(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        if (path := found.get("path")) is not None:
            return next(self.mounts[key] for key in (path, f"{path}/") if key in self.mounts).rstrip("/")
        if (service := found.get("service")) is not None and self.service_address is not None:
            return self._host(found, self.service_address(found["namespace"] or "", service))
        return self.pod_address

    def _host(self, found: Mapping[str, str | None], address: str) -> str:
        scheme, port = found["scheme"], found["port"]
        prefix = f"{scheme}://" if scheme else ""
        if port is not None:
            return f"{prefix}{address}:{self.ports(int(port))}"
        implied = _DEFAULT_PORTS.get(scheme or "")
        if implied is not None and self.ports(implied) != implied:
            return f"{prefix}{address}:{self.ports(implied)}"
        return f"{prefix}{address}"
