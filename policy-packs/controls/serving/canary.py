"""SR-01. Sources: KServe canary rollout (`canaryTrafficPercent`); Argo Rollouts (`setWeight`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, is_zero, seen, whole
from controls.item import Item
from controls.serving.services import SERVICE, components, storage_uris
from controls.settings import Settings

_ROLLOUT: Final = "Rollout.argoproj.io"
_COPIES: Final = 2
_MOVING: Final = re.compile(r"(?:^|[/:@-])(?:latest|current|main|master)/?$", re.ASCII)


def check(item: Item, settings: Settings) -> Iterator[str]:
    return _service(item, settings) if item.type == SERVICE else _rollout(item.spec, settings)


def _service(service: Item, settings: Settings) -> Iterator[str]:
    for name, component in components(service):
        yield from _share(f"{name}.canaryTrafficPercent", component.value("canaryTrafficPercent"), settings)
        copies = component.value("minReplicas")
        number = whole(copies)
        if settings.production and (number is None or number < _COPIES):
            yield f"{name}.minReplicas {seen(copies)}; state at least {_COPIES} in production"
    for where, uri in storage_uris(service):
        if isinstance(uri, str) and _MOVING.search(uri):
            yield f"{where} names no version, so there is none to go back to; name one"


def _rollout(spec: Fields, settings: Settings) -> Iterator[str]:
    if is_zero(spec.value("revisionHistoryLimit")):
        yield "revisionHistoryLimit is 0, so there is no revision to go back to; keep some"
    weights = [
        (index, step.value("setWeight"))
        for index, step in enumerate(spec.section("strategy").section("canary").entries("steps"))
        if step.value("setWeight") is not None
    ]
    for index, weight in weights[:1]:
        yield from _share(f"strategy.canary.steps[{index}].setWeight", weight, settings)


def _share(where: str, value: object, settings: Settings) -> Iterator[str]:
    if value is None:
        return
    share = whole(value)
    if share is None or share > settings.max_canary_percent:
        yield f"{where} {seen(value)}; use at most {settings.max_canary_percent}"


_SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: fraud, namespace: team}
spec:
  predictor:
    minReplicas: 2
    model: {modelFormat: {name: sklearn}, storageUri: "s3://models/fraud/7"}
"""

BAD = f"""\
{_SERVICE}    canaryTrafficPercent: 90
"""

GOOD = f"""\
{_SERVICE}    canaryTrafficPercent: 10
"""

CONTROL = Control(
    id="SR-01",
    title=(
        "InferenceService: canary share at most the bound; minReplicas at least 2 in production; rollback target kept"
    ),
    severity=Severity.HIGH,
    anchors=("KServe canary docs",),
    why="A canary that takes most requests is a rollout, and one without a version to go back to cannot end.",
    fix="Start a canary small, run two copies at least, and give every model version an address of its own.",
    bad=BAD,
    good=GOOD,
    kinds=(SERVICE, _ROLLOUT),
    check=check,
)
