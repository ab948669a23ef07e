"""What is true outside of the clusters and stands in no settings: the running lab's addresses and authority."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config.endpoint import Endpoint
from config.errors import Problem, SettingsError

FILE = "addresses.json"
"""In the lab's folder, written by the lab."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """`hosts` says where names that no DNS knows answer (`host:port` to `host:port`); `authority` is the PEM
    text of who signs the certificates there, None for a public one."""

    hosts: Mapping[str, str] = field(default_factory=dict)
    authority: str | None = None

    def url(self, url: str) -> str:
        """The address as a server that has only DNS can use it."""
        parts = urlsplit(url)
        return parts._replace(netloc=self.hosts.get(parts.netloc, parts.netloc)).geturl()

    def endpoint(self, endpoint: Endpoint) -> str:
        """`host:port`, likewise."""
        address = f"{endpoint.host}:{endpoint.port}"
        return self.hosts.get(address, address)


def read_outside(folder: Path) -> Outside:
    """What the lab in that folder says; nothing if it was never up. Raises SettingsError for a spoilt file."""
    file = folder / FILE
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Outside(hosts=dict(found["hosts"]), authority=str(found["authority"]))
    except FileNotFoundError:
        return Outside()
    except (ValueError, KeyError, TypeError) as error:
        problem = Problem(
            file=str(file),
            line=None,
            key="",
            given=f"not what the lab writes ({error})",
            remedy="run `mlops lab up`",
        )
        raise SettingsError([problem]) from error
