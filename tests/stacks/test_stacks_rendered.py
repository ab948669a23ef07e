"""What the real charts render with our values is judged with everything else, as the real engine has it judged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from controls.control import Level
from controls.item import Item
from controls.objects import items

from tests.recorder import Declaration
from tests.stacks.conftest import recorded_stack
from tests.stacks.stack_items import configuration_of, item_of, items_of, judged
from tests.stacks.stack_objects import CLUSTER_WIDE
from tests.stacks.stack_options import OPTIONS, STACK, configuration_with, recorded_with

HELM = shutil.which("helm")
CHARTS = Path(os.environ.get("MLOPS_CHARTS", "none"))
"""A folder with each chart as a folder or an archive of the chart's name."""

pytestmark = pytest.mark.skipif(
    not (HELM and CHARTS.is_dir()), reason="needs helm on the PATH, and the charts in the folder MLOPS_CHARTS"
)

SERVED = ("policy/v1/PodDisruptionBudget", "cert-manager.io/v1", "gateway.networking.k8s.io/v1")
"""What charts ask a cluster for; nothing of Prometheus' own operator is there."""

WIDE = {*CLUSTER_WIDE, "ClusterPolicy", "CustomResourceDefinition", "IngressClass", "PriorityClass"}


def rendered(chart: Declaration, folder: Path) -> Iterator[Item]:
    """The chart's objects as its provider makes them: hooks never run, and what names no namespace gets the chart's."""
    name = str(chart.inputs["chart"]).rpartition("/")[2].partition("@")[0]
    source = next(
        one for one in (CHARTS / name, *CHARTS.glob(f"{name}-*.tgz"), CHARTS / f"{name}.tgz") if one.exists()
    )
    values = folder / f"{chart.name}.json"
    values.write_text(json.dumps(chart.inputs["values"]), encoding="utf-8")
    home = chart.inputs["namespace"]
    command = [
        HELM or "",
        "template",
        chart.inputs["name"],
        str(source),
        "-n",
        home,
        "--kube-version",
        "1.36.0",
    ]
    for one in SERVED:
        command += ["--api-versions", one]
    made = subprocess.run([*command, "-f", str(values)], check=True, capture_output=True, text=True)
    for text in made.stdout.split("\n---"):
        document: dict[str, Any] | None = (
            None if "kind: CustomResourceDefinition" in text else yaml.safe_load(text)
        )
        if document and "helm.sh/hook" not in (document["metadata"].get("annotations") or {}):
            if document["kind"] not in WIDE:
                document["metadata"].setdefault("namespace", home)
            for item in items(document, cluster=item_of(chart).cluster):
                yield Item(
                    kind=item.kind,
                    api_version=item.api_version,
                    fields=item.fields,
                    cluster=item.cluster,
                    resource=f"{chart.name}:{item.namespace}/{item.name}",
                )


@pytest.mark.parametrize("option", [None, *OPTIONS])
def test_the_packs_find_nothing_in_what_charts_render_that_is_not_exempt(
    option: str | None, tmp_path: Path
) -> None:
    recorded = recorded_with(option) if option else recorded_stack(STACK)
    theirs = [item for one in recorded.declarations if one.is_chart for item in rendered(one, tmp_path)]
    assert theirs
    configuration = configuration_with(option, tmp_path) if option else configuration_of(STACK)
    found = judged([*items_of(recorded), *theirs], configuration)
    left_over = OPTIONS[option][1] if option else []
    assert [str(finding) for finding in found if finding.level is Level.MANDATORY] == left_over
