"""A stack to try the engine on: a project folder and the engine's verbs on it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from engine.deployment import Result, destroy, up
from engine.events import Event
from engine.plan import Plan, preview
from engine.project import Project
from engine.row import Row
from engine.state import State

PASSPHRASE = "correct horse battery staple"

HEADER = """
import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi import ResourceOptions as Opts

def cluster(name, kubeconfig="kubeconfig", **kw):
    return k8s.Provider(name, kubeconfig=kubeconfig, context=name, cluster_identifier=name, **kw)

def config_map(name, provider, data=None, namespace="default", **kw):
    opts = Opts(provider=provider, **kw.pop("opts", {}))
    meta = {"name": kw.pop("object_name", name), "namespace": namespace, **kw.pop("metadata", {})}
    return k8s.core.v1.ConfigMap(name, metadata=meta, data=data or {"k": "v"}, opts=opts)
"""


class Stack:
    """A project folder with one stack, and the engine's verbs on it. Programs may use what HEADER defines."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list[Event] = []
        self.state_file = root / "state" / "dev.db"
        (root / "Pulumi.yaml").write_text(
            "name: demo\nruntime: python\nconfig:\n  pulumi:disable-default-providers:\n    value: ['*']\n"
        )
        (root / "Pulumi.dev.yaml").write_text("config: {}\n")

    def program(self, text: str) -> Stack:
        (self.root / "__main__.py").write_text(HEADER + textwrap.dedent(text))
        return self

    @property
    def project(self) -> Project:
        return Project.load(self.root)

    def preview(self, *packs: Path, state: State | None = None) -> Plan:
        return preview(self.project, "dev", packs=packs, state=state, on_event=self.events.append)

    def planned(self) -> Plan:
        """A preview against the state."""
        with self.state() as state:
            return self.preview(state=state)

    def up(self, *packs: Path, connect_timeout: float = 10.0) -> Result:
        with self.state() as state:
            return up(
                self.project,
                "dev",
                state=state,
                packs=packs,
                on_event=self.events.append,
                connect_timeout=connect_timeout,
            )

    def destroy(self) -> Result:
        with self.state() as state:
            return destroy(self.project, "dev", state=state, on_event=self.events.append)

    def state(self, passphrase: str = PASSPHRASE) -> State:
        return State(self.state_file, passphrase)

    def rows(self) -> dict[str, Row]:
        """The state's resources by logical name."""
        with self.state() as state:
            return {row.name: row for row in state.rows().values()}


def changed(result: Result) -> dict[str, int]:
    """The counts that are not zero, without what stayed the same."""
    return {name: count for name, count in result.changes.items() if count and name != "same"}
