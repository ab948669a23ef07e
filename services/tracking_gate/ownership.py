"""Whose experiments a request touches, and what is written so that they have an owner. Pure.

An experiment belongs to the subject in its tag `mlops.owner`, which the gate writes when the experiment is
made; nobody with less than `yes` can set or remove that tag, and an experiment without it is nobody's. Runs,
traces, logged models, data sets and files belong to their experiment.

An id counts wherever it stands: every one found in path, query or body, at any depth and in either of the
spellings that MLflow reads (`run_id`, `runId`), has to be of an own experiment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from tracking_gate import paths
from tracking_gate.errors import denied, invalid
from tracking_gate.requests import Asked
from tracking_gate.routes import Kind

OWNER_TAG = "mlops.owner"
RESERVED_TAGS = frozenset({OWNER_TAG, "mlflow.artifactlocation", "mlflow.trace.archivelocation"})
"""Who owns an experiment and where MLflow looks for a trace's files: not for callers who read own ones only."""
MOST_IDS = 100


class Thing(Enum):
    """What an id names."""

    EXPERIMENT = "experiment"
    EXPERIMENT_NAME = "experiment name"
    RUN = "run"
    TRACE = "trace"
    MODEL = "logged model"
    DATASET = "data set"


@dataclass(frozen=True)
class Named:
    """One object that a request names."""

    thing: Thing
    id: str


_THINGS: Mapping[str, Thing] = {
    **dict.fromkeys(("experiment_id", "experiment_ids"), Thing.EXPERIMENT),
    "experiment_name": Thing.EXPERIMENT_NAME,
    **dict.fromkeys(("run_id", "run_uuid", "run_ids", "source_run_id"), Thing.RUN),
    **dict.fromkeys(("trace_id", "trace_ids", "request_id", "request_ids"), Thing.TRACE),
    "model_id": Thing.MODEL,
    "dataset_id": Thing.DATASET,
}
_FILES = ("artifact_path", "path")
_LINEAGE = frozenset({"", "runs", "models", "mlflow-artifacts"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def named(asked: Asked) -> frozenset[Named]:
    """Everything the request names. Raises `Refused` when it names none of what its route needs, when an id
    is no text, or when they are too many to be looked up."""
    scope = asked.route.scope
    here = [*asked.found.params.items(), *asked.read_query, *_ids(asked.body)]
    files = [value for name, value in here if name in _FILES and name in scope.names]
    found = {Named(_THINGS[name], value) for name, value in here if name in _THINGS and value}
    if scope.names and not files and not any(value for name, value in here if name in scope.names):
        raise invalid(f"name what you ask for: {' or '.join(scope.names)}")
    found |= {Named(_THINGS[name], value) for name, value in asked.query if name in _THINGS and value}
    found |= {Named(Thing.EXPERIMENT, paths.relative(value)[0]) for value in files}
    if scope.kind is Kind.LINEAGE:
        found |= _lineage(asked.body or {})
    if len(found) > MOST_IDS:
        raise denied(f"callers who read own experiments only may name {MOST_IDS} objects at once, not more")
    return frozenset(found)


def created(asked: Asked, subject: str, *, limited: bool) -> Asked:
    """The request that makes an experiment, with the caller as its owner. Raises `Refused` when it names
    another owner, or when a limited caller chooses where its files lie (which could be another's place)."""
    body = dict(asked.body or {})
    if limited and (body.get("artifact_location") or body.get("artifactLocation")):
        raise denied("your roles may not choose artifact_location; leave it out")
    tags = body.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise invalid("tags must be a list of objects")
    own = {"key": OWNER_TAG, "value": subject}
    if any(_plain(tag.get("key")) == OWNER_TAG and tag != own for tag in tags):
        raise denied(f"tag {OWNER_TAG} is written by the tracking gate and names you")
    body["tags"] = [tag for tag in tags if tag != own] + [own]
    return replace(asked, body=body)


def narrowed(asked: Asked, subject: str) -> Asked:
    """The search for experiments, for those of this subject alone. MLflow's filters join by AND only, so
    what stands first cannot be widened by what follows. Raises `Refused` for two filters.

    What is found has to go through `own_only` all the same: a search whose other parameters MLflow cannot
    read may lose its filter."""
    given = [value for name, value in asked.read_query if name == "filter"]
    if asked.body is not None:
        given = [asked.body.get("filter") or ""]
    if len(given) > 1 or not all(isinstance(text, str) for text in given):
        raise invalid("give one filter")
    text = " AND ".join([f"tags.`{OWNER_TAG}` = '{subject}'", *(text for text in given if text.strip())])
    if asked.body is not None:
        return replace(asked, body={"filter": text, **{k: v for k, v in asked.body.items() if k != "filter"}})
    others = tuple(pair for pair in asked.query if pair[0] != "filter")
    return replace(asked, query=(*others, ("filter", text)))


def own_only(answer: Any, subject: str) -> Any:
    """The answer to a search for experiments without those that are not this subject's."""
    found = answer.get("experiments") if isinstance(answer, Mapping) else None
    if not isinstance(found, list):
        return answer
    return {**answer, "experiments": [each for each in found if owner(each) == subject]}


def guarded(asked: Asked) -> Asked:
    """A limited caller's request as it may go on. Raises `Refused` when it writes a reserved tag.

    Ids go before everything else: MLflow stops reading a body at its first mistake, and would then take a
    list of ids behind that for an empty one.
    """
    keys = [*_tag_keys(asked.body), asked.found.params.get("tag_key")]
    if asked.body is not None:
        keys.append(asked.body.get("key"))
    for key in keys:
        if _plain(key) in RESERVED_TAGS:
            raise denied(f"tag {key} may only be changed by callers who may read every experiment")
    return asked if asked.body is None else replace(asked, body=_ids_first(asked.body))


def owner(experiment: Mapping[str, Any]) -> str | None:
    """The subject that an experiment of MLflow's REST API belongs to."""
    owners = [tag.get("value") for tag in experiment.get("tags") or () if tag.get("key") == OWNER_TAG]
    return owners[0] if len(owners) == 1 else None


def _lineage(body: Mapping[str, Any]) -> set[Named]:
    """What a model version is made from. Its files can later be read by whoever reads the registry."""
    source = body.get("source")
    if not isinstance(source, str) or "%" in source or "\\" in source:
        raise invalid("source must be a plain URI")
    uri = urlsplit(source)
    if uri.scheme not in _LINEAGE or uri.netloc:
        raise denied("your roles register models from runs:/, models:/ or mlflow-artifacts:/ sources only")
    parts = paths.relative(uri.path.lstrip("/"))
    if uri.scheme == "runs":
        return {Named(Thing.RUN, parts[0])}
    if uri.scheme == "mlflow-artifacts":
        return {Named(Thing.EXPERIMENT, parts[0])}
    return {Named(Thing.MODEL, parts[0])} if uri.scheme == "models" and parts[0].startswith("m-") else set()


def _ids(value: Any) -> Iterator[tuple[str, str]]:
    """The ids below a JSON value with their names in snake case."""
    if isinstance(value, list):
        for each in value:
            yield from _ids(each)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            name = _snake(key)
            if name in _THINGS:
                yield from ((name, text) for text in _texts(name, inner))
            else:
                yield from _ids(inner)


def _texts(name: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(each, str) for each in values):
        raise invalid(f"{name} must be text")
    return values


def _tag_keys(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _tag_keys(each)
    elif isinstance(value, Mapping):
        tags = value.get("tags")
        if isinstance(tags, Mapping):
            yield from tags
        elif isinstance(tags, list):
            yield from (tag.get("key") for tag in tags if isinstance(tag, Mapping))
        for inner in value.values():
            yield from _tag_keys(inner)


def _ids_first(value: Any) -> Any:
    if isinstance(value, list):
        return [_ids_first(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    first = sorted(value, key=lambda key: not (_snake(key) in _THINGS or any(_ids(value[key]))))
    return {key: _ids_first(value[key]) for key in first}


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).lower()


def _plain(key: Any) -> Any:
    """A tag's key as the most lenient database compares it."""
    return unicodedata.normalize("NFKC", key).strip().casefold() if isinstance(key, str) else None
