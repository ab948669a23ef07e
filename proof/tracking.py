"""Experiments and the model registry: asked of every cluster's tracking gate by MLflow's own REST API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from config.access import MATRIX, Enforcer, Permission, Role
from proof.cells import Record, Scope, verdict
from proof.directory import PREFIX
from proof.errors import Refused
from proof.people import People, Person
from proof.servers import GATE, Servers

RUN, READ = MATRIX.permission("run", "experiment"), MATRIX.permission("read", "experiment")
DELETE = MATRIX.permission("delete", "experiment")
REGISTER, APPROVE = (
    MATRIX.permission("register", "model registry"),
    MATRIX.permission("approve", "model registry"),
)
SEE = MATRIX.permission("read", "model registry")
CLIENT = "mlflow"
_API = "/api/2.0/mlflow/"
_SECONDS = 60.0
_MOST = "1000"


class Tracking:
    """One gate as one person sees it."""

    def __init__(self, api: httpx.Client, header: Mapping[str, str]) -> None:
        self._api, self._header = api, header

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self._api.post(_API + path, json=body, headers=self._header)

    def get(self, path: str, **query: str) -> httpx.Response:
        return self._api.get(_API + path, params=query, headers=self._header)

    def delete(self, path: str, **body: Any) -> httpx.Response:
        return self._api.request("DELETE", _API + path, json=body, headers=self._header)

    def experiment(self) -> str:
        """A new experiment's id. Raises Refused."""
        return str(
            _given(self.post("experiments/create", name=f"{PREFIX}{secrets.token_hex(8)}"))["experiment_id"]
        )

    def run(self, experiment: str) -> str:
        """A new run's id. Raises Refused."""
        return str(_given(self.post("runs/create", experiment_id=experiment))["run"]["info"]["run_id"])

    def model(self, run: str) -> str:
        """The name of a new model with one version, from that run. Raises Refused."""
        name = f"{PREFIX}{secrets.token_hex(8)}"
        _given(self.post("registered-models/create", name=name))
        _given(self.post("model-versions/create", name=name, source=f"runs:/{run}/model", run_id=run))
        return name

    def sweep(self) -> None:
        """Remove what a proof has left. MLflow keeps deleted experiments for its own garbage collection."""
        mine = {"filter": f"name LIKE '{PREFIX}%'", "max_results": _MOST}
        for one in _given(self.get("experiments/search", **mine)).get("experiments", ()):
            _given(self.post("experiments/delete", experiment_id=one["experiment_id"]))
        for one in _given(self.get("registered-models/search", **mine)).get("registered_models", ()):
            _given(self.delete("registered-models/delete", name=one["name"]))


class LaidOut:
    """What one cluster's questions are about: the second person's experiment with a run for each person to try
    things on, and a model in the registry."""

    def __init__(self, api: httpx.Client, people: People) -> None:
        second = Tracking(api, people.second.token(CLIENT).header)
        self.api = api
        self.experiment = second.experiment()
        self.runs = {person.name: second.run(self.experiment) for person in people.asking}
        self.model = second.model(second.run(self.experiment))


class TrackingProver:
    """The tracking gates of all clusters that are asked."""

    enforcer = Enforcer.TRACKING_GATE

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._clusters: Mapping[str, LaidOut] = {}

    @contextmanager
    def ready(self, people: People) -> Iterator[None]:
        """Everything is swept before anything is laid out: clusters may share a database."""
        if self._missing:
            yield
            return
        with ExitStack() as opened:
            gates = {
                name: opened.enter_context(connect(self._servers.gates[name], self._servers))
                for name in self._servers.clusters
            }
            for api in gates.values():
                admin = Tracking(api, people.by_role[Role.ADMIN].token(CLIENT).header)
                admin.sweep()
                opened.callback(admin.sweep)
            self._clusters = {name: LaidOut(api, people) for name, api in gates.items()}
            yield

    def ask(self, person: Person, record: Record) -> None:
        for cluster, there in self._clusters.items():
            self._ask(cluster, there, Tracking(there.api, person.token(CLIENT).header), person, record)

    def gap(self, permission: Permission, role: Role | None) -> str:  # noqa: ARG002
        missing = self._missing
        return f"no tracking gate runs in {', '.join(missing)} (Service {GATE})" if missing else ""

    @property
    def _missing(self) -> list[str]:
        return [name for name in self._servers.clusters if name not in self._servers.gates]

    def _ask(self, cluster: str, there: LaidOut, me: Tracking, person: Person, record: Record) -> None:
        """The same in every role; who may not make an experiment of their own tries it on another's."""
        made: dict[str, str] = {}
        mine, theirs, run = Scope.MINE, Scope.OTHERS, there.runs[person.name]

        def ask(permission: Permission, scope: Scope, what: str, deed: Any) -> None:
            record.ask(permission, scope, f"{cluster}: {what}", deed)

        def make(kind: str, deed: Any) -> bool:
            try:
                made[kind] = deed()
            except Refused:
                return False
            return True

        ask(RUN, theirs, "create an experiment", lambda: make("experiment", me.experiment))
        experiment = made.get("experiment", there.experiment)
        ask(RUN, theirs, "start a run", lambda: make("run", lambda: me.run(experiment)))
        own = made.get("run", run)
        point = {"key": "loss", "value": 0.5, "timestamp": 1, "step": 1}
        ask(RUN, theirs, "log a metric", lambda: verdict(me.post("runs/log-metric", run_id=own, **point)))
        if "run" in made:
            ask(READ, mine, "read an own run", lambda: verdict(me.get("runs/get", run_id=own)))
            ask(READ, mine, "find an own experiment", lambda: found(me, experiment))
        ask(READ, theirs, "read another's run", lambda: verdict(me.get("runs/get", run_id=run)))
        ask(READ, theirs, "find another's experiment", lambda: found(me, there.experiment))
        ask(
            READ,
            theirs,
            "search another's runs",
            lambda: verdict(me.post("runs/search", experiment_ids=[there.experiment])),
        )
        ask(REGISTER, theirs, "register a model", lambda: make("model", lambda: me.model(own)))
        # One of each person's own: MLflow fails at two who set the same alias for the first time at once.
        alias = {"name": there.model, "alias": f"champion-{secrets.token_hex(4)}", "version": "1"}
        ask(APPROVE, theirs, "name a champion", lambda: verdict(me.post("registered-models/alias", **alias)))
        ask(SEE, theirs, "read a model", lambda: verdict(me.get("registered-models/get", name=there.model)))
        ask(SEE, theirs, "list the models", lambda: verdict(me.get("registered-models/search")))
        if "run" in made:
            ask(DELETE, mine, "delete an own run", lambda: verdict(me.post("runs/delete", run_id=own)))
            ask(
                DELETE,
                mine,
                "delete an own experiment",
                lambda: verdict(me.post("experiments/delete", experiment_id=experiment)),
            )
        ask(DELETE, theirs, "delete another's run", lambda: verdict(me.post("runs/delete", run_id=run)))


def connect(gate: str, servers: Servers) -> httpx.Client:
    """A tracking gate, nobody logged in."""
    return httpx.Client(base_url=gate, verify=servers.trust, timeout=_SECONDS, trust_env=False)


def found(me: Tracking, experiment: str) -> bool:
    """Whether a search for all experiments shows this one."""
    answer = me.get("experiments/search", filter=f"name LIKE '{PREFIX}%'", max_results=_MOST)
    return verdict(answer) and any(
        one["experiment_id"] == experiment for one in answer.json().get("experiments", ())
    )


def _given(answer: httpx.Response) -> dict[str, Any]:
    if not verdict(answer):
        raise Refused(f"the tracking gate: {answer.request.url.path}: {answer.text[:200]}")
    return dict(answer.json())
