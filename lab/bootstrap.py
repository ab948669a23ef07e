"""What a cluster needs before anybody uses it: who may do what, and the kinds that the platform speaks."""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from lab import rbac
from lab.certs import Pair, Subject, certificate_pem, key_pem
from lab.controlplane import api_name, client, client_authority
from lab.errors import ApiFailed
from lab.folder import LabFolder, write_private
from lab.kube import KubeApi, kube_api
from lab.kubeconfig import Access, document
from lab.nodes import DIGEST
from lab.readiness import NotReady, poll
from lab.site import Site, trust

ADMIN = "lab-admin"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_FIRST_CERTIFICATE = datetime.timedelta(minutes=10)
_ESTABLISH_SECONDS = 60.0
PATIENCE = 60.0
"""Seconds for which setting up a cluster goes on while its API server has trouble answering."""
_FORBIDDEN = 403


def admin_pair(folder: LabFolder, cluster: str) -> Pair:
    """The administrator's certificate: in the lab's own group, so that a binding grants and can take back."""
    return client(folder, cluster, "admin", ADMIN, (rbac.ADMINS,))


@contextmanager
def admin_api(site: Site, cluster: str, patience: float = 0.0) -> Iterator[KubeApi]:
    """The cluster's API as its administrator; see KubeApi for `patience` (seconds)."""
    context = trust(site.authority.path, admin_pair(site.folder, cluster))
    with kube_api(cluster, site.url(api_name(cluster)), context, patience) as api:
        yield api


def write_kubeconfigs(site: Site, clusters: Sequence[str]) -> None:
    """The administrator's: one with a context per cluster, and one for each cluster alone."""
    accesses = [
        Access(
            cluster=cluster,
            server=site.url(api_name(cluster)),
            authority=site.authority.path,
            pair=admin_pair(site.folder, cluster),
        )
        for cluster in clusters
    ]
    write_private(site.folder.kubeconfig, document(accesses))
    for access in accesses:
        write_private(site.folder.cluster(access.cluster).kubeconfig, document([access]))


def settle(site: Site, cluster: str, crds: Sequence[Mapping[str, Any]]) -> None:
    """Roles, bindings and custom kinds; repeatable. Only the first time, or after the administrator's binding
    was lost, a certificate of system:masters is made for it: it lives ten minutes and is not kept."""
    try:
        with admin_api(site, cluster, PATIENCE) as api:
            _apply_rbac(api)
    except ApiFailed as failure:
        if failure.status != _FORBIDDEN:
            raise
        with _first_api(site, cluster) as api:
            _apply_rbac(api)
        poll(f"cluster {cluster}: administrator let in", lambda: _let_in(site, cluster), _ESTABLISH_SECONDS)
    with admin_api(site, cluster, PATIENCE) as api:
        _apply_crds(api, cluster, crds)


def _apply_rbac(api: KubeApi) -> None:
    for path, manifest in rbac.manifests():
        api.apply(path, manifest)


def _let_in(site: Site, cluster: str) -> None:
    try:
        with admin_api(site, cluster) as api:
            api.list(_CRDS, metadata_only=True, limit="1")
    except ApiFailed as failure:
        raise NotReady(str(failure)) from failure


@contextmanager
def _first_api(site: Site, cluster: str) -> Iterator[KubeApi]:
    folder = Path(tempfile.mkdtemp(dir=site.folder.tmp))
    try:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = Subject(name="lab-bootstrap", groups=("system:masters",), client=True)
        certificate = client_authority(site.folder, cluster).issue(
            subject, key.public_key(), _FIRST_CERTIFICATE
        )
        pair = Pair(certificate=folder / "crt", key=folder / "key")
        write_private(pair.key, key_pem(key))
        write_private(pair.certificate, certificate_pem(certificate))
        context = trust(site.authority.path, pair)
    finally:
        shutil.rmtree(folder)
    with kube_api(cluster, site.url(api_name(cluster)), context, PATIENCE) as api:
        yield api


def _apply_crds(api: KubeApi, cluster: str, crds: Sequence[Mapping[str, Any]]) -> None:
    """Apply what changed (known by a digest in an annotation) and wait until it is served."""
    live = {
        item["metadata"]["name"]: (item["metadata"].get("annotations") or {}).get(DIGEST)
        for item in api.list(_CRDS, metadata_only=True)
    }
    for crd in crds:
        digest = hashlib.sha256(json.dumps(crd, sort_keys=True).encode()).hexdigest()[:16]
        name = crd["metadata"]["name"]
        if live.get(name) != digest:
            annotations = {**(crd["metadata"].get("annotations") or {}), DIGEST: digest}
            metadata = {**crd["metadata"], "annotations": annotations}
            api.apply(f"{_CRDS}/{name}", {**crd, "metadata": metadata})
    names = [crd["metadata"]["name"] for crd in crds if crd["metadata"]["name"] not in live]
    for name in names:
        poll(
            f"cluster {cluster}: kind {name} served",
            lambda name=name: _established(api, name),  # type: ignore[misc]
            _ESTABLISH_SECONDS,
        )


def _established(api: KubeApi, name: str) -> None:
    found = api.get(f"{_CRDS}/{name}") or {}
    conditions = (found.get("status") or {}).get("conditions") or []
    if not any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
        raise NotReady("not yet established")
