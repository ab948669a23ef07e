"""What real charts take: their own values files and schemas, where they are beside this checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

UPSTREAM = Path(__file__).resolve().parents[2] / "shared" / "upstream"
CHARTS = UPSTREAM / "charts"

needs_charts = pytest.mark.skipif(
    not CHARTS.is_dir(), reason="the upstream charts' values are not beside this checkout"
)

_FOLDERS = {"base": "istio-base", "cni": "istio-cni", "gateway": "istio-gateway", "ztunnel": "istio-ztunnel"}
"""Where a chart's folder is not named like the chart."""

_ISTIO = "_internal_defaults_do_not_set"
"""Istio's charts keep their defaults below this key; a user sets the keys themselves."""

OFFERED: Mapping[str, frozenset[str]] = {
    "cilium": frozenset({"socketLB.hostNamespaceOnly"}),
    "gpu-operator": frozenset({"dcgmExporter.podLabelAllowlistRegex"}),
    "istiod": frozenset({"global.enableReaderRBAC"}),
    "vault": frozenset({"server.readinessProbe.path"}),
    "openbao": frozenset({"server.readinessProbe.path"}),
}
"""Keys that a chart's values name in a comment alone, and its templates read."""

OPEN: Mapping[str, frozenset[str]] = {
    "aws-load-balancer-controller": frozenset({"podSecurityContext", "securityContext"}),
    "cilium": frozenset(
        {"clustermesh.apiserver.podSecurityContext"}
        | {f"clustermesh.apiserver.{part}securityContext" for part in ("", "etcd.", "kvstoremesh.")}
    ),
    "cni": frozenset({"resources"}),
    "gpu-operator": frozenset({f"node-feature-discovery.{part}" for part in ("gc", "master", "worker")}),
    "istiod": frozenset({"meshConfig", "resources"}),
    "external-secrets": frozenset({"podSecurityContext", "securityContext"}),
}
"""Values that a chart hands on as they are, to something that knows more keys than the chart names."""


def folder(chart: str) -> Path:
    return CHARTS / _FOLDERS.get(chart, chart)


@cache
def defaults(chart: str) -> dict[str, Any]:
    """The chart's own values. Raises LookupError for a chart that is not there."""
    file = folder(chart) / "values.yaml"
    if not file.exists():
        raise LookupError(f"no values of chart {chart!r} are beside this checkout")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {**found.get(_ISTIO, {}), **{key: value for key, value in found.items() if key != _ISTIO}}


def mistakes(chart: str, values: Mapping[str, Any]) -> list[str]:
    """Keys that the chart does not know and values of a wrong kind, each with the chart's name.

    A schema that closes its objects is the better judge of keys: it names also those that the values file leaves out.
    """
    file = folder(chart) / "values.schema.json"
    rules = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    judge = jsonschema.Draft202012Validator if "$defs" in rules else jsonschema.Draft7Validator
    errors = list(judge(rules).iter_errors(dict(values)))
    keys = _beyond(errors) if _closed(rules) else list(unknown(chart, values, defaults(chart)))
    return [
        *(f"chart {chart}: it has no value {key}" for key in keys),
        *(f"chart {chart}: {one.json_path}: {one.message}" for one in errors if not _is_key(one)),
    ]


def unknown(chart: str, given: Mapping[str, Any], known: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Keys that the values file does not have. Below an empty default the chart takes what it is given."""
    for key, value in given.items():
        path = above + key
        if key not in known and path not in OFFERED.get(chart, ()):
            yield path
        elif path not in OPEN.get(chart, ()) and all(
            isinstance(one, dict) and one for one in (value, known.get(key))
        ):
            yield from unknown(chart, value, known[key], f"{path}.")


def _closed(rules: Mapping[str, Any]) -> bool:
    root = rules.get("$defs", {}).get(str(rules.get("$ref")).rpartition("/")[2], rules)
    return root.get("additionalProperties") is False


def _is_key(error: jsonschema.ValidationError) -> bool:
    return bool(error.validator == "additionalProperties")


def _beyond(errors: list[Any]) -> list[str]:
    """Full paths of the keys that closed objects do not have."""
    return [
        ".".join((*map(str, error.absolute_path), key))
        for error in errors
        if _is_key(error)
        for key in sorted(set(error.instance) - set(error.schema.get("properties", {})))
    ]


def version(chart: str) -> str:
    """Of which version the values are."""
    versions = json.loads((UPSTREAM / "versions.json").read_text(encoding="utf-8"))
    return str(versions[folder(chart).name]["chart_version"])
