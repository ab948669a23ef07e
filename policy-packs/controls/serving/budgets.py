"""SR-03. Sources: Polaris missingPodDisruptionBudget and pdbMinAvailableGreaterThanHPAMinReplicas, Gatekeeper
poddisruptionbudget, kubescape C-0300.

A production namespace is every one in an environment `production`. A workload that states no replicas and has no
autoscaler is scaled by somebody else, so no budget can be compared with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import quoted, seen, text, whole
from controls.item import Item
from controls.selectors import selects
from controls.serving.scaling import AUTOSCALER, BUDGET, REPLICATED, forbids_all, needed
from controls.settings import Settings
from controls.stack import Stack, Where, where

_SERVING: Final = ("Deployment.apps", "StatefulSet.apps")
_KINDS: Final = frozenset(one.partition(".")[0] for one in REPLICATED)
_Target = tuple[str, str, str, str]


def check_stack(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    budgets: dict[Where, list[Item]] = defaultdict(list)
    for budget in stack.of(*BUDGET):
        budgets[where(budget)].append(budget)
    floors = dict(_floors(stack))
    workloads = stack.of(*REPLICATED)
    known = {_target(one) for one in workloads}
    for workload in workloads:
        own = [one for one in budgets[where(workload)] if _takes(one, workload)]
        if settings.production and workload.type in _SERVING and not own:
            yield workload, "pdb-present: no PodDisruptionBudget selects its pods; declare one"
        for budget in own:
            if _leaves_none(budget, workload, floors):
                yield (
                    workload,
                    f"pdb-vs-replicas: {quoted(budget.name)} needs as many copies as run at least; run more",
                )
    for scaler in stack.of(*AUTOSCALER):
        yield from ((scaler, message) for message in _scaled(scaler, known, stack))


def _takes(budget: Item, workload: Item) -> bool:
    if budget.spec.value("selector") is None or workload.pod is None:
        return False
    return selects(budget.spec.section("selector"), workload.pod.labels) is True


def _floors(stack: Stack) -> Iterator[tuple[_Target, tuple[int, bool]]]:
    """The least copies of what is scaled automatically, and whether there can be more."""
    for scaler in stack.of(*AUTOSCALER):
        target = scaler.spec.section("scaleTargetRef")
        least, most = scaler.spec.value("minReplicas"), whole(scaler.spec.value("maxReplicas"))
        floor = 1 if least is None else whole(least)
        if floor is not None:
            name = *where(scaler), text(target.value("kind")), text(target.value("name"))
            yield name, (floor, most is None or most > floor)


def _leaves_none(budget: Item, workload: Item, floors: dict[_Target, tuple[int, bool]]) -> bool:
    """Whether a budget keeps every copy that is sure to run; where more may be started, all of the least may be
    needed, but no more than those."""
    if forbids_all(budget.spec.value("maxUnavailable")):
        return True
    stated = whole(workload.spec.value("replicas"))
    floor, elastic = floors.get(_target(workload), (stated, False))
    if floor is None:
        return False
    wanted = needed(budget.spec.value("minAvailable"), floor)
    if wanted is None or wanted == 0:
        return False
    return wanted > floor if elastic else wanted >= floor


def _target(workload: Item) -> _Target:
    return *where(workload), workload.kind, workload.name


def _scaled(scaler: Item, known: set[_Target], stack: Stack) -> Iterator[str]:
    target = scaler.spec.section("scaleTargetRef")
    kind, name = target.value("kind"), target.value("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        yield f"hpa-target: scaleTargetRef {seen(name if isinstance(kind, str) else kind)}; name a workload"
    elif kind in _KINDS and (*where(scaler), kind, name) not in known and where(scaler) not in stack.hidden:
        yield f"hpa-target: {kind} {quoted(name)} is not in its namespace; declare it or correct the name"


_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: team}
spec:
  replicas: 3
  template: {metadata: {labels: {app: app}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: app, namespace: team}
"""

BAD = f"""\
{_DEPLOYMENT}spec: {{minAvailable: 3, selector: {{matchLabels: {{app: app}}}}}}
"""

GOOD = f"""\
{_DEPLOYMENT}spec: {{minAvailable: 2, selector: {{matchLabels: {{app: app}}}}}}
"""

CONTROL = Control(
    id="SR-03",
    title=(
        "pdb-present for each production serving workload, pdb-vs-replicas below the replica floor, hpa-target exists"
    ),
    severity=Severity.MEDIUM,
    anchors=("C-0300", "Polaris missingPodDisruptionBudget"),
    why="Without a budget a drain may end all copies at once; one that needs every copy lets no drain end.",
    fix="Give each serving workload a budget of one copy less than run at least, and scale what exists.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
