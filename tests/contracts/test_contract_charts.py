"""Every value that this program gives to a chart is one that the real chart takes.

A chart does not refuse a key that it never reads: a typing mistake would leave a default in force, unseen.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from config import catalog
from config.catalog import Chart
from config.network_settings import ClusterMesh, MeshTrust, PlatformNetwork
from stacks.platform import build
from tests.recorder import Declaration, Recorder, run
from tests.stacks.conftest import recorded_stack, settings_of
from tests.upstream_charts import OFFERED, folder, mistakes, needs_charts, version

pytestmark = needs_charts

OTHER_SETTINGS = PlatformNetwork(
    encryption="ipsec",
    hubble="metrics",
    cluster_mesh=ClusterMesh(domain="mesh.example.com"),
    trust=MeshTrust.model_validate({"vault": {"trusted": [1, 2]}}),
)
"""Everything of the network that is not the default."""


def charts(recorded: Recorder) -> list[Declaration]:
    return [one for one in recorded.declarations if one.is_chart]


def variants() -> Iterator[Recorder]:
    """Stack prod as it is, and with every setting that changes a chart's values."""
    yield recorded_stack("prod")
    settings = settings_of("prod")
    openbao = settings.secrets.model_copy(update={"backend": "openbao"})
    other = settings.model_copy(update={"network": OTHER_SETTINGS, "secrets": openbao})
    yield run(lambda: build(other), "prod")


@pytest.fixture(scope="module")
def installed() -> list[Declaration]:
    return [one for recorded in variants() for one in charts(recorded)]


def chart_of(one: Declaration) -> str:
    return str(one.inputs["chart"]).rpartition("/")[2].partition("@")[0]


def pinned() -> list[Chart]:
    found = [one for one in vars(catalog).values() if isinstance(one, Chart)]
    return [*found, *catalog.ISTIO_CHARTS.values()]


def test_every_chart_gets_only_values_that_it_takes(installed: list[Declaration]) -> None:
    found = [text for one in installed for text in mistakes(chart_of(one), one.inputs["values"])]
    assert found == []


def test_every_chart_of_the_catalogue_is_installed_somewhere(installed: list[Declaration]) -> None:
    """So none of them gets by the test above."""
    assert {one.name for one in pinned()} == {chart_of(one) for one in installed}


def test_every_installed_chart_is_the_catalogues_at_its_version(installed: list[Declaration]) -> None:
    known = {(one.name, one.version) for one in pinned()}
    assert {(chart_of(one), one.inputs["version"]) for one in installed} <= known


@pytest.mark.parametrize("chart", ["cilium", "cert-manager", "istiod", "karpenter", "vault"])
def test_a_key_that_a_chart_does_not_know_is_named_with_its_chart(
    installed: list[Declaration], chart: str
) -> None:
    one = next(one for one in installed if chart_of(one) == chart)
    broken = {**copy.deepcopy(one.inputs["values"]), "replicaz": 2}
    assert f"chart {chart}: it has no value replicaz" in mistakes(chart, broken)


def test_a_key_deep_in_the_values_is_seen(installed: list[Declaration]) -> None:
    values: dict[str, Any] = copy.deepcopy(
        next(o for o in installed if chart_of(o) == "cilium").inputs["values"]
    )
    values["hubble"]["export"]["static"]["filepath"] = "/tmp"
    assert mistakes("cilium", values) == ["chart cilium: it has no value hubble.export.static.filepath"]


def test_a_value_of_a_wrong_kind_is_seen(installed: list[Declaration]) -> None:
    values: dict[str, Any] = copy.deepcopy(
        next(o for o in installed if chart_of(o) == "cilium").inputs["values"]
    )
    values["hubble"]["enabled"] = "yes"
    assert [text for text in mistakes("cilium", values) if "$.hubble.enabled" in text]


def test_a_key_that_a_chart_only_offers_stands_there_as_a_comment() -> None:
    """Istio's charts keep theirs in templates alone, which are not beside this checkout."""
    for chart, keys in OFFERED.items():
        if folder(chart).name.startswith("istio"):
            continue
        text = (folder(chart) / "values.yaml").read_text(encoding="utf-8")
        for key in keys:
            *_, section, name = key.split(".")
            _, found, after = text.partition(f"{section}:\n")
            assert found, f"{chart} {key}"
            assert f"# {name}:" in after, f"{chart} {key}"


def test_the_values_are_of_the_release_that_the_catalogue_pins() -> None:
    """A new release brings new keys: its values have to be fetched with it. A patch release does not."""
    for chart in pinned():
        assert release(chart.version) == release(version(chart.name)), chart.name


def release(text: str) -> list[str]:
    return text.removeprefix("v").split(".")[:2]
