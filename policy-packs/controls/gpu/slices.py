"""GC-01. Source: NVIDIA GPU operator with MIG; an extended resource is whole, and its request is its limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from controls.control import Control, Severity
from controls.fields import Fields, quoted, seen, whole
from controls.gpu.pools import offered
from controls.gpu.requests import asked, is_slice, resources
from controls.item import Item
from controls.pods import KINDS
from controls.serving.services import SERVICE
from controls.settings import Settings
from controls.stack import Stack


def check(item: Item, _: Settings) -> Iterator[str]:
    for where, section in resources(item):
        yield from (f"{where}: {message}" for message in _container(section))


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    bearers = [one for some in stack.bearers.values() for one in some]
    offers = {cluster: offered(stack, cluster) for cluster in stack.clusters}
    for item in (*bearers, *stack.of(SERVICE)):
        wanted = {name for _, section in resources(item) for name in asked(section)}
        for name in sorted(wanted):
            if is_slice(name) and name not in offers[item.cluster]:
                yield (
                    item,
                    f"asks for {quoted(name)}, which no pool of its cluster offers; ask for one that does",
                )


def _container(section: Fields) -> Iterator[str]:
    for name, (limit, request) in asked(section).items():
        if not is_slice(name):
            yield f"asks for {quoted(name)}, which is no MIG slice of its own; ask for nvidia.com/mig-…"
        if _count(limit) is None:
            yield f"limits of {quoted(name)} {seen(limit)}; write a whole number"
        elif request is not None and _count(request) != _count(limit):
            yield f"requests of {quoted(name)} are not its limits; write the same number, or leave them out"


def _count(value: object) -> int | None:
    """A whole number above none, as text or number, else None."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"0*[1-9]\d{0,8}", value, re.ASCII) else None
    return whole(value) or None


_POOL = """\
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: gpu}
spec: {limits: {nodes: "2", nvidia.com/mig-1g.10gb: "14"}}
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
"""

BAD = f"""\
{_POOL}    resources: {{limits: {{nvidia.com/gpu: 1}}}}
"""

GOOD = f"""\
{_POOL}    resources: {{limits: {{nvidia.com/mig-1g.10gb: 1}}}}
"""

CONTROL = Control(
    id="GC-01",
    title=(
        "GPU asked for only as a MIG resource with integer limit equal to request, and that MIG profile is offered "
        "by a node pool of the stack"
    ),
    severity=Severity.HIGH,
    anchors=("NVIDIA GPU operator MIG docs",),
    why="A whole GPU is mostly idle in one pod's hands, and a slice that no pool offers waits for ever.",
    fix="Ask for one of the slices that the pools offer; a training run that needs whole GPUs is exempt by name.",
    bad=BAD,
    good=GOOD,
    kinds=(*KINDS, SERVICE),
    check=check,
    check_stack=check_stack,
)
