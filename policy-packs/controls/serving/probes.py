"""SR-04. Sources: kubescape C-0018 and C-0056, Kyverno require-probes. What runs to an end needs no probe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Unproved
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings

_ENDING: Final = ("Job.batch", "CronJob.batch", "PodTemplate")
_LASTING: Final = tuple(one for one in KINDS if one not in _ENDING)
_PROBES: Final = ("livenessProbe", "readinessProbe")


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.pod is None or item.pod.spec.value("restartPolicy") in ("Never", "OnFailure"):
        return
    for container in item.pod.containers:
        if container.group == "containers":
            for probe in _PROBES:
                value = container.fields.value(probe)
                stated = value is Unproved.UNKNOWN or (isinstance(value, dict) and value)
                if container.fields.unproved or not stated:
                    yield f"{container.where}: {probe} is not set; say how its health is asked"


BAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: team}
spec:
  template:
    spec:
      containers:
      - name: app
        image: registry.example/app
        livenessProbe: {httpGet: {path: /healthz, port: 8080}}
"""

GOOD = f"""\
{BAD}        readinessProbe: {{httpGet: {{path: /readyz, port: 8080}}}}
"""

CONTROL = Control(
    id="SR-04",
    title="Long-running containers have liveness and readiness probes",
    severity=Severity.MEDIUM,
    anchors=("C-0018", "C-0056", "Kyverno require-probes"),
    why="Without them a rollout goes on over pods that do not serve, and one that hangs is never started again.",
    fix="Give each container a readiness probe that asks whether it serves, and a liveness probe that it lives.",
    bad=BAD,
    good=GOOD,
    kinds=_LASTING,
    check=check,
)
