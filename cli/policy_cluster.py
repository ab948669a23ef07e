"""The objects of a running cluster, as `mlops policy --context` judges them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from controls.item import Item
from controls.manifests import InputError
from controls.objects import items
from controls.pods import POD_GROUPS
from kubernetes import client, config
from urllib3.exceptions import HTTPError

_PAGE: Final = 500
_OK: Final = 200
_LEFT_OUT: Final = frozenset({"Secret", "Event", "Lease", "EndpointSlice", "Endpoints", "ControllerRevision"})
"""Kinds that are not read: what nobody should be shown, and what the cluster writes by itself."""


def read_cluster(context: str) -> list[tuple[str, Item]]:
    """Every listable object of the cluster behind a kubeconfig context, with the context as its file.

    What a workload made (the ReplicaSet of a Deployment and its pods) is left out: its owner is judged. A kind
    that may not be listed is refused and not skipped. Raises InputError for a context that is not there, a
    cluster that does not answer and a kind that may not be read.
    """
    try:
        with config.new_client_from_config(context=context) as api:
            found = [document for kind in _kinds(api) for document in _listed(api, kind)]
    except config.ConfigException as error:
        raise InputError([f"context {context}: {error}"]) from None
    except (client.ApiException, HTTPError, OSError, ValueError) as error:
        raise InputError(
            [f"context {context}: the cluster does not answer: {type(error).__name__}"]
        ) from None
    except _RefusedError as error:
        raise InputError([f"context {context}: {error}"]) from None
    return [(context, item) for document in found for item in items(document)]


class _RefusedError(Exception):
    """The cluster does not give what was asked for."""


def _kinds(api: Any) -> Iterator[tuple[str, str, str]]:
    """Path, apiVersion and kind of everything that can be listed, each in its group's preferred version."""
    versions = [("/api/v1", "v1")]
    for group in _get(api, "/apis").get("groups", ()):
        version = group["preferredVersion"]["groupVersion"]
        versions.append((f"/apis/{version}", version))
    for path, version in versions:
        for resource in _get(api, path).get("resources", ()):
            listable = "list" in resource.get("verbs", ()) and "/" not in resource["name"]
            if listable and resource["kind"] not in _LEFT_OUT:
                yield f"{path}/{resource['name']}", version, resource["kind"]


def _listed(api: Any, kind: tuple[str, str, str]) -> Iterator[Mapping[str, Any]]:
    path, version, name = kind
    following = ""
    while True:
        page = _get(api, path, {"limit": str(_PAGE), **({"continue": following} if following else {})})
        for entry in page.get("items", ()):
            if not _made_by_workload(entry):
                yield {**entry, "apiVersion": version, "kind": name}
        following = page.get("metadata", {}).get("continue", "")
        if not following:
            return


def _made_by_workload(entry: Mapping[str, Any]) -> bool:
    owners = entry.get("metadata", {}).get("ownerReferences", ())
    return any(owner.get("controller") and owner.get("kind") in POD_GROUPS for owner in owners)


def _get(api: Any, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One answer as JSON; the client's models are not used, since they know no custom resource."""
    response = api.call_api(
        *api.param_serialize(
            "GET", path, query_params=list((query or {}).items()),
            header_params={"Accept": "application/json"}, auth_settings=["BearerToken"],
        )
    )  # fmt: skip
    content = response.read()
    if response.status != _OK:
        raise _RefusedError(f"GET {path} gives {response.status} {response.reason}")
    found: dict[str, Any] = json.loads(content)
    return found
