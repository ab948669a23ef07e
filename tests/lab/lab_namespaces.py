"""Namespaces that tests use."""

from __future__ import annotations

from lab.bootstrap import admin_api
from lab.lab import Lab
from lab.readiness import NotReady, poll


def made_namespace(lab: Lab, cluster: str, name: str, **labels: str) -> None:
    with admin_api(lab.site(), cluster) as api:
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        api.apply(f"/api/v1/namespaces/{name}", manifest)
        poll(
            "service account",
            lambda: _wanted(api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default")),
            30,
        )


def _wanted(found: object) -> None:
    if found is None:
        raise NotReady("not there")
