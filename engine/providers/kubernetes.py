"""The kubernetes provider: server-side apply with strict validation, waits, refusals with their reasons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from engine import urn as urns
from engine.diff import Path, covers, parse_path
from engine.errors import ClusterUnreachable, Interrupted, NotOurs, NotReady, ObjectRefused, ProviderError
from engine.goal import Goal
from engine.providers import kubernetes_inputs as inputs_of
from engine.providers import kubernetes_tables as tables
from engine.providers.base import Action, Live, Provider, Settings
from engine.providers.kubernetes_await import time_limit, until_gone, until_ready
from engine.providers.kubernetes_client import Cluster
from engine.row import Row
from engine.values import SECRET_TEXT, Properties, plain, secret_texts

_OPAQUE = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize")


class KubernetesProvider(Provider):
    """One cluster, as its provider resource describes it (kubeconfig, context, clusterIdentifier, namespace)."""

    package: ClassVar[str] = "kubernetes"

    def __init__(self, urn: str, inputs: Properties, settings: Settings) -> None:
        given = plain(inputs)
        self.cluster = _text(given, "clusterIdentifier") or urns.name_of(urn)
        self._scopes: dict[tuple[str, str], str] = {}
        self._manager = settings.field_manager
        self._mutable_maps = given.get("enableConfigMapMutable") in (True, "true")
        self._mutable_secrets = given.get("enableSecretMutable") in (True, "true")
        self._force = given.get("enablePatchForce") in (True, "true")
        kubeconfig = _text(given, "kubeconfig") or "~/.kube/config"
        self._api = Cluster(
            self.cluster, kubeconfig, _text(given, "context"), settings.root, settings.connect_timeout
        )
        self._namespace = _text(given, "namespace") or self._api.default_namespace()

    @staticmethod
    def refusal(type_: str) -> str:
        if type_.startswith(_OPAQUE):
            return "charts and manifest bundles need the real engine; run with --engine pulumi"
        group = type_.split(":")[1].partition("/")[0].replace("core", "")
        if type_.endswith(("Patch", "List")) and group in tables.BUILT_IN_GROUPS:
            return "Patch and List resources are not supported by this engine"
        return ""

    def check(self, goal: Goal, old: Row | None) -> Properties:
        checked = inputs_of.check(
            goal.inputs, goal.name, goal.type, namespace=self._namespace, scopes=self._scopes, old=old
        )
        if checked.get("kind") == "CustomResourceDefinition" and (found := inputs_of.scope_of(checked)):
            self._scopes[found[0]] = found[1]
        return checked

    def replaces(self, type_: str, inputs: Properties, changed: Iterable[Path]) -> list[Path]:
        del type_  # the inputs state it as the API server knows it
        kind, api_version = str(plain(inputs.get("kind"))), str(plain(inputs.get("apiVersion")))
        mutable = self._mutable_maps if kind == "ConfigMap" else self._mutable_secrets
        mutable = mutable and plain(inputs.get("immutable")) is not True
        patterns = [parse_path(text) for text in tables.force_new(api_version, kind, mutable_data=mutable)]
        return [path for path in changed if any(covers(pattern, path) for pattern in patterns)]

    def create(self, action: Action) -> Live:
        with _Explained(self, action):
            path = self._path(action.inputs)
            live = self._api.get(path)
            if live is not None and "deletionTimestamp" in live["metadata"]:
                until_gone(self._api, path, live["metadata"]["uid"], self._seconds(action), action.progress)
            elif live is not None:
                self._adopt(action, live)
            return self._apply(action, path)

    def update(self, action: Action) -> Live:
        with _Explained(self, action):
            return self._apply(action, self._path(action.inputs))

    def delete(self, action: Action) -> None:
        if action.old is None:
            raise ProviderError(f"{action.name}: nothing to delete")
        outputs = plain(action.old.outputs) or plain(action.old.inputs)
        uid = str((outputs.get("metadata") or {}).get("uid", ""))
        if uid and action.owners(uid):
            return  # the same object lives on under another logical name
        with _Explained(self, action):
            try:
                path = self._path(outputs)
                self._api.request("DELETE", path, body=self._delete_options(action.old.inputs, uid))
            except ObjectRefused as error:
                if error.status == 404 or (error.status == 409 and uid):
                    return  # gone, or another object has taken the name
                raise
            until_gone(self._api, path, uid, self._seconds(action), action.progress)

    def read(self, action: Action, id_: str) -> Live:
        with _Explained(self, action):
            namespace, _, name = id_.rpartition("/")
            api_version, kind = inputs_of.identity(action.inputs, action.type)
            live = self._api.get(self._api.path_of(api_version, kind, namespace, name))
            if live is None:
                raise ObjectRefused(f"there is no {kind} {id_}", status=404)
            return Live(id=id_, outputs=inputs_of.outputs_of(live, action.inputs))

    def stop(self) -> None:
        self._api.stop()

    def close(self) -> None:
        self._api.close()

    def _path(self, inputs: Properties) -> str:
        given = plain(inputs)
        metadata = given["metadata"]
        namespace = metadata.get("namespace") or self._namespace
        return self._api.path_of(given["apiVersion"], given["kind"], namespace, metadata["name"])

    def _adopt(self, action: Action, live: Properties) -> None:
        """Refuse an object that is not ours to take; an interrupted create of ours is."""
        other = action.owners(live["metadata"]["uid"])
        if other:
            raise NotOurs(f"the object is already managed by this stack as {other}")
        managers = {str(entry.get("manager")) for entry in live["metadata"].get("managedFields") or ()}
        if self._manager in managers or action.import_id:
            return
        name = "/".join(filter(None, (live["metadata"].get("namespace"), live["metadata"]["name"])))
        raise NotOurs(
            f"{live['kind']} {name} exists already and was made by {', '.join(sorted(managers)) or 'somebody else'}. "
            f'To take it over, pass opts=ResourceOptions(import_="{name}"); else delete it or choose another name'
        )

    def _apply(self, action: Action, path: str) -> Live:
        force = self._force or inputs_of.annotation(action.inputs, "pulumi.com/patchForce") == "true"
        query = {"fieldManager": self._manager, "fieldValidation": "Strict", "force": str(force).lower()}
        body = plain(action.inputs)
        if "/namespaces/" not in path and "namespace" in body["metadata"]:
            metadata = {key: value for key, value in body["metadata"].items() if key != "namespace"}
            body = {**body, "metadata": metadata}
        live = self._api.request("PATCH", path, query, body, "application/apply-patch+yaml")
        try:
            live = until_ready(self._api, path, live, body, self._seconds(action), action.progress)
        except (NotReady, Interrupted, ClusterUnreachable) as error:
            error.live = self._live(live, action.inputs)
            raise
        return self._live(live, action.inputs)

    def _live(self, live: Properties, inputs: Properties) -> Live:
        metadata: dict[str, Any] = {k: v for k, v in live["metadata"].items() if k != "managedFields"}
        id_ = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
        return Live(id=id_, outputs=inputs_of.outputs_of({**live, "metadata": metadata}, inputs))

    def _delete_options(self, inputs: Properties, uid: str) -> Properties:
        given = inputs_of.annotation(inputs, "pulumi.com/deletionPropagationPolicy").capitalize()
        api_version, kind = str(plain(inputs.get("apiVersion"))), str(plain(inputs.get("kind")))
        owns = kind in tables.OWNERS or not tables.is_built_in(api_version)
        # In the foreground the collector has to look at each object first; only owners need that.
        usual = "Foreground" if owns else "Background"
        policy = given if given in ("Orphan", "Background", "Foreground") else usual
        options: Properties = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}
        return {**options, "preconditions": {"uid": uid}} if uid else options

    def _seconds(self, action: Action) -> float:
        return time_limit(plain(action.inputs), action.timeout)


class _Explained:
    """Puts the resource's logical name and its cluster before what went wrong, and takes secrets out of it."""

    def __init__(self, provider: KubernetesProvider, action: Action) -> None:
        self._provider = provider
        self._action = action

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if not isinstance(error, ProviderError) or isinstance(error, (ClusterUnreachable, Interrupted)):
            return
        action = self._action
        kind = action.type.rpartition(":")[2]
        hidden = str(error)
        old = action.old
        for text in secret_texts((action.inputs, old.inputs if old else None, old.outputs if old else None)):
            hidden = hidden.replace(text, SECRET_TEXT)
        error.args = (f"{action.name} ({kind}, cluster {self._provider.cluster}): {hidden}",)


def _text(inputs: Properties, key: str) -> str:
    value = inputs.get(key)
    return value if isinstance(value, str) else ""
