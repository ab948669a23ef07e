"""What a deployment leaves in the lab's servers, without what is new at every deployment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx
from cryptography import x509
from kubernetes import client, config, dynamic

from config.schema import PlatformSettings
from engine.plan import PlannedResource
from engine.values import Properties
from lab.folder import LabFolder
from lab.openbao_setup import INIT_FILE
from lab.site import trust

Key = tuple[str, str, str]

_SECONDS = 60.0
_NEW_IN_CLUSTERS = {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"}
_ADDRESSES = {"clusterIP", "clusterIPs"}
_NEW_IN_REALMS = {"id", "containerId", "createdTimestamp", "client.secret.creation.time"}
_NEW_IN_STORES = {"accessor", "uuid"}


def cluster_objects(
    folder: LabFolder, cluster: str, planned: Iterable[PlannedResource]
) -> dict[Key, Properties]:
    """The objects of a plan in one cluster by kind, namespace and name, without what the server or a controller sets.

    Raises kubernetes' NotFoundError for one that is not there.
    """
    wanted = [r.inputs for r in planned if r.cluster == cluster and r.type.startswith("kubernetes:")]
    api = config.new_client_from_config(str(folder.kubeconfig), context=cluster)
    found: dict[Key, Properties] = {}
    with client.ApiClient(api.configuration) as connection:
        served = dynamic.DynamicClient(connection)
        for inputs in wanted:
            metadata = inputs["metadata"]
            name, namespace = metadata["name"], metadata.get("namespace")
            kind = served.resources.get(api_version=inputs["apiVersion"], kind=inputs["kind"])
            body = kind.get(name=name, namespace=namespace).to_dict()
            found[(inputs["kind"], namespace or "", name)] = _of_cluster(body)
    return found


def realm(folder: LabFolder, settings: PlatformSettings) -> Properties:
    """All of the realm but people, as Keycloak's administrator exports it; secrets are hidden by Keycloak."""
    with httpx.Client(
        base_url=settings.outside.url(settings.access.keycloak),
        verify=trust(folder.ca),
        timeout=_SECONDS,
        trust_env=False,
    ) as keycloak:
        form = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": "admin",
            "password": folder.secret("keycloak-admin").read_text(encoding="ascii"),
        }
        login = keycloak.post("/realms/master/protocol/openid-connect/token", data=form).raise_for_status()
        exported = keycloak.post(
            f"/admin/realms/{settings.access.realm}/partial-export",
            params={"exportClients": "true", "exportGroupsAndRoles": "true"},
            headers={"Authorization": f"Bearer {login.json()['access_token']}"},
        ).raise_for_status()
    whole: Properties = _without(exported.json(), _NEW_IN_REALMS)
    accounts = sorted(whole.get("users", ()), key=lambda account: account["username"])
    return {**whole, "users": accounts}


def secret_store(folder: LabFolder, settings: PlatformSettings) -> Properties:
    """Mounts, auth methods, policies, roles and engines of the store, by their paths in the API.

    Of secrets only their names and keys, of the mesh's root what its certificate says.
    """
    token = json.loads(folder.secret(INIT_FILE).read_text(encoding="utf-8"))["root_token"]
    with httpx.Client(
        base_url=f"{settings.outside.url(settings.secrets.address)}/v1",
        verify=trust(folder.ca),
        timeout=_SECONDS,
        trust_env=False,
        headers={"X-Vault-Token": token},
    ) as store:
        return _Store(store).content()


class _Store:
    """A Vault or OpenBao server to look through."""

    def __init__(self, store: httpx.Client) -> None:
        self._store = store

    def content(self) -> Properties:
        found: Properties = {path: self._read(path) for path in ("sys/mounts", "sys/auth")}
        for name in self._names("sys/policies/acl"):
            found[f"policy {name}"] = self._read(f"sys/policies/acl/{name}")["policy"]
        for mount in found["sys/auth"]:
            found |= self._each(
                f"auth/{mount}role", tune=f"sys/auth/{mount}tune", config=f"auth/{mount}config"
            )
        for mount, body in found["sys/mounts"].items():
            found[f"sys/mounts/{mount}tune"] = self._read(f"sys/mounts/{mount}tune")
            found |= getattr(self, f"_{body['type']}", lambda _mount: {})(mount)
        return found

    def _database(self, mount: str) -> Properties:
        return {**self._each(f"{mount}config"), **self._each(f"{mount}roles")}

    def _kv(self, mount: str, folder: str = "") -> Properties:
        found: Properties = {}
        for name in self._names(f"{mount}metadata/{folder}"):
            path = f"{folder}{name}"
            if name.endswith("/"):
                found |= self._kv(mount, path)
            else:
                body = self._read(f"{mount}data/{path}")
                found[f"{mount}{path}"] = [sorted(body["data"]), body["metadata"]["custom_metadata"]]
        return found

    def _pki(self, mount: str) -> Properties:
        root = x509.load_pem_x509_certificate(self._read(f"{mount}cert/ca")["certificate"].encode())
        lifetime = root.not_valid_after_utc - root.not_valid_before_utc
        told = {extension.oid.dotted_string for extension in root.extensions}
        limits = root.extensions.get_extension_for_class(x509.BasicConstraints).value
        issuers = len(self._names(f"{mount}issuers"))
        return {mount: [root.subject.rfc4514_string(), lifetime, sorted(told), limits, issuers]}

    def _each(self, folder: str, **more: str) -> Properties:
        paths = (*(f"{folder}/{name}" for name in self._names(folder)), *more.values())
        return {path: self._read(path) for path in paths}

    def _names(self, path: str) -> list[str]:
        answer = self._store.request("LIST", path)
        return list(answer.json()["data"]["keys"]) if answer.is_success else []

    def _read(self, path: str) -> Any:
        answer = self._store.get(path)
        return _without(answer.json()["data"], _NEW_IN_STORES) if answer.is_success else None


def _of_cluster(body: Properties) -> Properties:
    metadata = {k: v for k, v in body["metadata"].items() if k not in _NEW_IN_CLUSTERS}
    annotations = metadata.pop("annotations", None) or {}
    metadata["annotations"] = {
        k: v for k, v in annotations.items() if k != "deployment.kubernetes.io/revision"
    }
    spec = body.get("spec")
    if isinstance(spec, dict):
        spec = {k: v for k, v in spec.items() if k not in _ADDRESSES}
    rest = {k: v for k, v in body.items() if k not in {"metadata", "spec", "status"}}
    return {**rest, "metadata": metadata, "spec": spec}


def _without(item: Any, names: set[str]) -> Any:
    """Without some keys at any depth, lists in one order whatever the server's."""
    if isinstance(item, dict):
        return {key: _without(value, names) for key, value in item.items() if key not in names}
    if isinstance(item, list):
        each = [_without(value, names) for value in item]
        return sorted(each, key=lambda value: json.dumps(value, sort_keys=True))
    return item
