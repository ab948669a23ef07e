"""Every mistake in plain settings data, in words: pydantic's errors and the checks across sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from config.checks import Finding, Path, as_key, check
from config.closest import or_list
from config.clusters import ClusterSettings
from config.errors import Problem
from config.gpu_checks import gpu_findings
from config.gpu_settings import GpuSettings
from config.identity import UserSettings
from config.mesh import MeshSettings
from config.network_checks import network_findings
from config.network_settings import PlatformNetwork
from config.schema import ChartSettings, Layer, PlatformSettings
from config.source import Source
from config.tenants import TenantSettings
from config.vocabulary import keys_at

ROOT = "settings"


def problems_of(given: Any, source: Source) -> tuple[Problem, ...]:
    """Every mistake, in the order of the file; empty exactly if `PlatformSettings` takes the data."""
    try:
        PlatformSettings.model_validate(given)
    except ValidationError as error:
        details = [entry for entry in error.errors() if not _is_told_otherwise(entry)]
    else:
        return ()
    own = [_finding(entry, given) for entry in details]
    placed = [(source.line(finding.path), finding) for finding in (*own, *_across(given))]
    placed.sort(key=lambda entry: entry[0] or 0)
    return tuple(
        Problem(
            file=source.file,
            line=line,
            key=as_key(ROOT, finding.path),
            given=finding.given if finding.given == _ABSENT else f"given {finding.given}",
            remedy=finding.remedy,
        )
        for line, finding in placed
    )


def _is_told_otherwise(details: ErrorDetails) -> bool:
    """Whether other mistakes say it better: the sum of the checks across sections, or a list that pydantic calls too
    short because it does not count the items that it refuses."""
    if details["type"] == "too_short":
        return bool(len(details["input"]) >= details["ctx"]["min_length"])
    return details["type"] == "value_error"


_T = TypeVar("_T")


def _across(given: Any) -> tuple[Finding, ...]:
    """The checks across sections, on the parts that are valid by themselves."""
    if not isinstance(given, Mapping):
        return ()
    cluster: TypeAdapter[ClusterSettings] = TypeAdapter(
        Annotated[ClusterSettings, Field(discriminator="kind")]
    )
    layer: TypeAdapter[str] = TypeAdapter(Layer)
    clusters = _valid(cluster, given.get("clusters"))
    tenants = _valid(TypeAdapter(TenantSettings), given.get("tenants"))
    access = given.get("access")
    users = access.get("users") if isinstance(access, Mapping) else None
    secrets = given.get("secrets")
    network = _valid(TypeAdapter(PlatformNetwork), [given.get("network", {})]).get(0)
    all_clusters = len(clusters) == len(_items(given.get("clusters")))
    all_tenants = len(tenants) == len(_items(given.get("tenants")))
    gpu = _valid(TypeAdapter(GpuSettings), [given.get("gpu", {})]).get(0)
    apart = (
        *network_findings(clusters, network, all_clusters=all_clusters),
        *gpu_findings(clusters, tenants, gpu, all_clusters=all_clusters, all_tenants=all_tenants),
    )
    return apart + check(
        clusters=clusters,
        tenants=tenants,
        charts=_valid(TypeAdapter(ChartSettings), [given.get("charts")]).get(0),
        layers=_valid(layer, given.get("layers")),
        users=_valid(TypeAdapter(UserSettings), users),
        mesh=_valid(TypeAdapter(MeshSettings), [given.get("mesh", {})]).get(0),
        runs_secret_store=isinstance(secrets, Mapping) and secrets.get("server") is not None,
        all_clusters=all_clusters,
        all_tenants=all_tenants,
    )


def _items(given: Any) -> list[Any] | tuple[Any, ...]:
    return given if isinstance(given, list | tuple) else ()


def _valid(adapter: TypeAdapter[_T], given: Any) -> dict[int, _T]:
    found: dict[int, _T] = {}
    for index, item in enumerate(_items(given)):
        try:
            found[index] = adapter.validate_python(item)
        except ValidationError:
            continue
    return found


_ABSENT = "not given"
_NO_SECRETS = "settings hold no secrets: keep it in the secret store, and its path here"

_REMEDIES = {
    "int_type": "use a whole number, without quotes",
    "int_from_float": "use a whole number",
    "bool_type": "use true or false",
    "string_type": "use a text, in quotes where YAML would read something else",
    "tuple_type": "use a list",
    "mapping_type": "use a mapping of names to values",
    "dict_type": "use a mapping of names to values",
    "model_type": "use a mapping of keys to values",
    "model_attributes_type": "use a mapping of keys to values",
    "invalid_key": "use a text as key",
    "union_tag_not_found": "add {discriminator}",
    "greater_than_equal": "use at least {ge}",
    "less_than_equal": "use at most {le}",
    "too_short": "give at least {min_length}",
    "string_too_short": "give at least {min_length} character",
    "string_too_long": "give at most {max_length} characters",
}


def _finding(details: ErrorDetails, given: Any) -> Finding:
    kind, context = details["type"], details.get("ctx", {})
    path, shown = _keys(details["loc"], given), _shown(details["input"])
    if kind == "refused":
        below = tuple(int(part) if part.isdigit() else part for part in context["at"].split(".") if part)
        return Finding(path=(*path, *below), given=context["given"] or shown, remedy=context["remedy"])
    if kind == "missing":
        return Finding(path=path, given=_ABSENT, remedy="add it")
    if kind == "extra_forbidden" and path[-1] == "secure":
        return Finding(path=path, given="an encrypted value", remedy=_NO_SECRETS)
    if kind == "extra_forbidden":
        return Finding(path=path, given="an unknown key", remedy=or_list(path[-1], keys_at(path[:-1], given)))
    if kind == "union_tag_not_found":
        path, shown = (*path, context["discriminator"].strip("'")), _ABSENT
    if kind == "union_tag_invalid":
        path, shown = (*path, context["discriminator"].strip("'")), repr(context["tag"])
    return Finding(path=path, given=shown, remedy=_remedy(details, context))


def _remedy(details: ErrorDetails, context: Mapping[str, Any]) -> str:
    kind = details["type"]
    if kind in {"literal_error", "enum"}:
        return or_list(details["input"], _quoted(context["expected"]))
    if kind == "union_tag_invalid":
        return or_list(context["tag"], _quoted(context["expected_tags"]))
    if kind in _REMEDIES:
        return _REMEDIES[kind].format(**context)
    return details["msg"][0].lower() + details["msg"][1:]


def _keys(location: Iterable[str | int], given: Any) -> Path:
    """The path in the data: pydantic's location without tags of unions and marks of mapping keys."""
    path: list[str | int] = []
    here = given
    for part in location:
        is_tag = isinstance(here, Mapping) and part in (here.get("kind"), here.get("strategy"))
        if part == "[key]" or (is_tag and part not in here):
            continue
        path.append(part)
        if isinstance(here, Mapping):
            here = here.get(part)
        elif isinstance(part, int) and 0 <= part < len(_items(here)):
            here = here[part]
        else:
            here = None
    return tuple(path)


def _quoted(expected: str) -> list[str]:
    """The values in pydantic's `'a', 'b' or 'c'`."""
    return expected.split("'")[1::2]


_CREDENTIALS = re.compile(r"//[^/\s]*@")


def _shown(value: Any) -> str:
    """The value for a message: short, on one line, without the credentials that an address may carry."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    shown = repr(_CREDENTIALS.sub("//[hidden]@", value) if isinstance(value, str) else value)
    return shown if len(shown) <= 80 else f"{shown[:76]}…{shown[-1]}"
