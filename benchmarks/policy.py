"""How fast `mlops policy` judges plain manifests, beside Checkov and kubeconform, and what packs cost in a preview."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import yaml
from controls.catalogue import CONTROLS
from kubernetes import client
from rich.table import Table

from benchmarks import synthetic
from benchmarks.measure import MLOPS, PREVIEW, in_turn, run
from cli.review_checkov import ARGUMENTS, PROGRAM

OBJECTS = 10_000
IN_A_FILE = 100
"""Objects of a file: few enough that neither judge is slowed by one huge document."""

KUBECONFORM = "kubeconform"
"""Holds objects to their schemas alone: `go install github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0`."""

FASTER = 20
"""The least that the packs' rate must be of Checkov's."""

CLUSTERS = 2
TEAMS = (0, 110)
"""Tenants that a preview has on top: about 600 and about 5,000 resources."""


def examples() -> list[dict[str, Any]]:
    """The Kubernetes objects among the good and bad examples of all controls, as `mlops policy explain` shows them."""
    texts = [text for control in CONTROLS.values() for text in (control.good, control.bad)]
    documents = [one for text in texts for one in yaml.safe_load_all(text)]
    return [one for one in documents if isinstance(one, dict) and "apiVersion" in one and "kind" in one]


def mixed(models: Sequence[Mapping[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """`count` objects like the models, in turn, each with a name of its own."""
    for number, model in enumerate(islice(cycle(models), count)):
        one = copy.deepcopy(dict(model))
        one["metadata"] = {**(one.get("metadata") or {}), "name": f"object-{number:05d}"}
        yield one


def write(objects: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """The objects as files of `IN_A_FILE` documents."""
    folder.mkdir(parents=True)
    for start in range(0, len(objects), IN_A_FILE):
        text = yaml.safe_dump_all(objects[start : start + IN_A_FILE], sort_keys=False)
        (folder / f"{start:05d}.yaml").write_text(text, encoding="utf-8")
    return folder


def schemas(kinds: Iterable[str], folder: Path) -> Path:
    """JSON Schemas of the kinds that the Kubernetes client knows, by the kind's name in small letters."""
    folder.mkdir(parents=True)
    for kind in sorted(set(kinds)):
        if (model := getattr(client, f"V1{kind}", None)) is not None:
            (folder / f"{kind.lower()}.json").write_text(
                json.dumps(model.model_json_schema()), encoding="utf-8"
            )
    return folder


def judged(scratch: Path, runs: int, table: Table) -> None:
    """Objects a second of all on the same files, one after the other; Checkov once, since it takes minutes."""
    models = examples()
    folder = write(list(mixed(models, OBJECTS)), scratch / "manifests")
    (ours,) = in_turn(runs, partial(run, (MLOPS, "policy", "--json", str(folder)), cwd=scratch, expect=1))
    table.add_row(f"mlops policy, {OBJECTS} manifests", _rate(ours.wall), "")
    _conforming(schemas((one["kind"] for one in models), scratch / "schemas"), folder, runs, table)
    program = shutil.which(PROGRAM, path=f"{synthetic.ROOT}/build/checkov/bin:{os.environ['PATH']}")
    if program is None:
        table.add_row("  Checkov", "not there: `ci/review.sh install`", "")
        return
    theirs = run((program, "--directory", str(folder), *ARGUMENTS), cwd=scratch)
    table.add_row("  Checkov", _rate(theirs.wall), "")
    table.add_row("  ratio of the rates", f"{theirs.wall / ours.wall:.1f}", f"at least {FASTER}")
    table.add_row("  ratio of CPU time", f"{theirs.cpu / ours.cpu:.1f}", "")


def _conforming(known: Path, folder: Path, runs: int, table: Table) -> None:
    """kubeconform with the schemas that there are; it skips an object of any other kind."""
    if shutil.which(KUBECONFORM) is None:
        table.add_row(f"  {KUBECONFORM}", "not on PATH", "")
        return
    location = f"{known}/{{{{.ResourceKind}}}}.json"
    words = (
        KUBECONFORM,
        "-ignore-missing-schemas",
        "-schema-location",
        location,
        "-output",
        "json",
        str(folder),
    )
    (theirs,) = in_turn(runs, partial(run, words, cwd=folder, expect=1))
    table.add_row(f"  {KUBECONFORM}, which judges shape alone", _rate(theirs.wall), "")


def previewed(scratch: Path, runs: int, table: Table) -> None:
    """A preview with the packs and without, of two sizes."""
    for teams in TEAMS:
        with_packs = synthetic.checkout(scratch / f"packs-{teams}", CLUSTERS, teams=teams)
        without = synthetic.checkout(scratch / f"no-packs-{teams}", CLUSTERS, teams=teams)
        shutil.rmtree(without / "policy-packs")
        listed = subprocess.run(PREVIEW, cwd=without, capture_output=True, check=True)
        packed, bare = in_turn(runs, *(partial(run, PREVIEW, cwd=one) for one in (with_packs, without)))
        name = f"preview, {len(json.loads(listed.stdout))} resources, packs on"
        table.add_row(name, f"{packed.wall:.2f} s, {packed.peak_mib:.0f} MiB", "")
        table.add_row("  without packs", f"{bare.wall:.2f} s, {bare.peak_mib:.0f} MiB", "")
        table.add_row("  cost of the packs", f"{packed.wall - bare.wall:.2f} s", "")


def cost(scratch: Path, runs: int, table: Table) -> None:
    """Both parts."""
    judged(scratch, runs, table)
    previewed(scratch, runs, table)


def _rate(seconds: float) -> str:
    return f"{OBJECTS / seconds:,.0f} objects a second ({seconds:.1f} s)"
