"""Where the servers of a stack on the lab answer, found out once before anything is asked."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from config.closest import or_list
from config.schema import PlatformSettings
from config.tenants import TenantPurpose
from lab import status
from lab.folder import LabFolder
from lab.site import trust
from proof.errors import Impossible
from proof.login import Realm, discover

GATE = "mlflow-gate"
"""The Service of the tracking gate, in the platform's namespace."""


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Addresses as this machine reaches them; `authority` is the file of who signs all of their certificates.

    `clusters` are API servers and `gates` tracking gates by cluster; `tenants` are namespaces by purpose.
    """

    keycloak: str
    realm_name: str
    realm: Realm
    store: str
    mount: str
    objects: str
    bucket: str
    clusters: Mapping[str, str]
    gates: Mapping[str, str]
    tenants: Mapping[TenantPurpose, tuple[str, ...]]
    authority: Path
    trust: ssl.SSLContext = field(repr=False)


def servers(settings: PlatformSettings, folder: LabFolder, only: str | None = None) -> Servers:
    """The servers of a stack, with one of its clusters alone if it is named.

    Raises Impossible when a cluster is not the lab's, when the lab is not up, or when the stack is not deployed.
    """
    outside = settings.outside
    chosen = _chosen(settings, only)
    if not outside.hosts or not folder.kubeconfig.exists():
        raise Impossible("the lab is not up: run `mlops lab up`, then `mlops up`")
    context, keycloak = trust(folder.ca), outside.url(settings.access.keycloak)
    tenants: dict[TenantPurpose, tuple[str, ...]] = {}
    for tenant in settings.tenants:
        tenants[tenant.purpose] = (*tenants.get(tenant.purpose, ()), tenant.name)
    return Servers(
        keycloak=keycloak,
        realm_name=settings.access.realm,
        realm=_realm(f"{keycloak}/realms/{settings.access.realm}", context),
        store=outside.url(settings.secrets.address),
        mount=settings.secrets.mount,
        objects=f"https://{outside.endpoint(settings.data.endpoint)}",
        bucket=settings.data.bucket,
        clusters=chosen,
        gates=_gates(folder, tenants["platform"][0], chosen),
        tenants=tenants,
        authority=folder.ca,
        trust=context,
    )


def _chosen(settings: PlatformSettings, only: str | None) -> dict[str, str]:
    elsewhere = [cluster.name for cluster in settings.clusters if cluster.kind != "lab"]
    if elsewhere:
        raise Impossible(
            f"cluster {', '.join(elsewhere)} is not the lab's: the proof makes users and objects, so it is for "
            "stacks on the lab alone"
        )
    urls = {c.name: settings.outside.url(c.api_url) for c in settings.clusters if c.kind == "lab"}
    if only is not None and only not in urls:
        raise Impossible(f"no cluster {only!r}: {or_list(only, urls)}")
    return urls if only is None else {only: urls[only]}


def _realm(address: str, context: ssl.SSLContext) -> Realm:
    try:
        found = discover(address, context)
    except httpx.HTTPError as error:
        raise Impossible(f"{address} does not answer ({error}): run `mlops lab up`") from error
    if found is None:
        raise Impossible(f"{address} is not there, so the stack is not deployed: run `mlops up`")
    return found


def _gates(folder: LabFolder, namespace: str, clusters: Collection[str]) -> dict[str, str]:
    return {
        endpoint.cluster: endpoint.tls
        for endpoint in status.endpoints(folder)
        if endpoint.service == f"{namespace}/{GATE}" and endpoint.cluster in clusters
    }
