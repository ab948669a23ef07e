"""SR-02. Source: Gatekeeper poddisruptionbudget; Pulumi compliance disallowZeroVoluntaryDisruption."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.fields import Unproved, seen
from controls.item import Item
from controls.serving.scaling import BUDGET, forbids_all, is_amount, percent
from controls.settings import Settings


def check(budget: Item, _: Settings) -> Iterator[str]:
    most, least = budget.spec.value("maxUnavailable"), budget.spec.value("minAvailable")
    for key, value in (("maxUnavailable", most), ("minAvailable", least)):
        if value is not None and not is_amount(value) and value != "0":
            what = value.value if isinstance(value, Unproved) else "is no number and no percentage"
            yield f"{key} {what}; write it out"
    if forbids_all(most):
        yield f"maxUnavailable {seen(most)} and so allows no disruption; use at least 1"
    share = percent(least)
    if share is not None and share >= 100:
        yield "minAvailable is everything and so allows no disruption; use less than 100%"


BAD = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: app, namespace: team}
spec: {maxUnavailable: 0, selector: {matchLabels: {app: app}}}
"""

GOOD = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: app, namespace: team}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: app}}}
"""

CONTROL = Control(
    id="SR-02",
    title=(
        "A PodDisruptionBudget allows at least one disruption (not maxUnavailable 0 or 0%, not minAvailable 100%)"
    ),
    severity=Severity.MEDIUM,
    anchors=("Gatekeeper poddisruptionbudget", "Pulumi disallowZeroVoluntaryDisruption"),
    why="Such a budget blocks every drain: nodes are not repaired or upgraded, until somebody forces it.",
    fix="Allow one pod to go at a time, and run one copy more than are needed.",
    bad=BAD,
    good=GOOD,
    kinds=BUDGET,
    check=check,
)
