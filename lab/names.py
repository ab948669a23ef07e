"""Names of the lab's servers that stay the same whatever ports they have: settings use them as if a DNS knew
them, and `addresses.json` in the lab's folder says where each one answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from lab import keycloak, minio, openbao, postgres
from lab.controlplane import api_name
from lab.folder import write_private
from lab.ports import LOOPBACK
from lab.site import Site

DOMAIN = "lab.internal"
SHARED: Mapping[str, str] = {
    f"keycloak.{DOMAIN}:8443": keycloak.NAME,
    f"openbao.{DOMAIN}:8200": openbao.NAME,
    f"postgres.{DOMAIN}:5432": postgres.FRONT,
    f"s3.{DOMAIN}:9000": minio.NAME,
}
"""The process behind each `host:port`."""


def hosts(ports: Mapping[str, int], clusters: Iterable[str]) -> dict[str, str]:
    """Where each name answers, both as `host:port`: the shared servers and every cluster's API server."""
    named = {**SHARED, **{f"{cluster}.{DOMAIN}:6443": api_name(cluster) for cluster in clusters}}
    return {name: f"{LOOPBACK}:{ports[process]}" for name, process in named.items()}


def write(site: Site, clusters: Iterable[str]) -> None:
    """Write `addresses.json`: `hosts`, and `authority`, the PEM text of who signs the certificates there."""
    content = {
        "authority": site.folder.ca.read_text(encoding="ascii"),
        "hosts": hosts(site.ports, clusters),
    }
    write_private(site.folder.addresses, json.dumps(content, indent=1) + "\n")
