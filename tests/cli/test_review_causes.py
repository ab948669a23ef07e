from __future__ import annotations

from pathlib import Path

import pytest

from cli.review_causes import Causes, Line, component_classes
from cli.review_settings import StackSettings
from config.source import Source
from tests.cli.review_samples import ROOT_STACK, SERVER, plan

ROOT = Path(__file__).resolve().parents[2]
MLFLOW = Line(file="components/m.py", line=3, what="Mlflow")
DATA = {
    "clusters": [{"name": "east", "region": "here"}, {"name": "west", "region": "there"}],
    "tenants": [{"name": "mlops-platform", "team": "a"}, {"name": "other", "team": "b"}],
    "tracking": {"image": "a@sha256:1", "bucket": "runs"},
}


def causes(*changed: tuple[str, ...], touched: bool = True) -> Causes:
    return Causes(
        resources={one["urn"]: one for one in plan()},
        classes={"mlops:index:Mlflow": MLFLOW},
        settings=StackSettings(data=DATA, source=Source(file="Pulumi.dev.yaml", lines={})),
        changed=changed,
        touched=frozenset({SERVER} if touched else ()),
    )


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ([("tracking", "bucket"), ("tracking", "image")], "tracking.image"),
        ([("tracking", "bucket"), ("clusters", "east", "region")], "clusters[0].region"),
        ([("clusters", "east", "region"), ("tenants", "mlops-platform", "team")], "tenants[0].team"),
    ],
    ids=["whose value stands in it", "of its cluster", "of its tenant"],
)
def test_of_several_changed_keys_the_nearest_is_named(changed: list[tuple[str, ...]], key: str) -> None:
    assert [line.what for line in causes(*changed).of(SERVER)] == [key, "Mlflow"]


@pytest.mark.parametrize("key", [("clusters", "west", "region"), ("tenants", "other", "team")])
def test_a_key_of_another_cluster_or_tenant_is_not_the_cause(key: tuple[str, ...]) -> None:
    assert causes(key).of(SERVER) == [MLFLOW]


def test_a_resource_that_did_not_change_has_its_component_alone() -> None:
    assert causes(("tracking", "image"), touched=False).of(SERVER) == [MLFLOW]


def test_what_is_about_the_stack_as_a_whole_has_no_line() -> None:
    assert causes(("tracking", "image")).of("") == []


@pytest.mark.parametrize("urn", ["", ROOT_STACK])
def test_a_finding_without_a_resource_is_traced_by_its_place(urn: str) -> None:
    assert causes().resource(urn, "Deployment mlops-platform/mlflow") == SERVER
    assert causes().resource(urn, "mlops:index:Mlflow east-mlflow") == plan()[0]["urn"]
    assert causes().resource(urn, "Deployment mlops-platform/other") == ""
    assert causes().resource(SERVER, "anything") == SERVER


def test_every_component_of_the_program_is_found_on_the_line_of_its_class() -> None:
    found = component_classes(ROOT)
    line = found["mlops:index:Mlflow"]
    assert (line.what, str(line)) == ("Mlflow", f"components/tracking/mlflow.py:{line.line}")
    assert (ROOT / line.file).read_text().splitlines()[(line.line or 0) - 1].startswith("class Mlflow(")
    assert len(found) > 40


def test_a_place_without_a_line_is_its_file() -> None:
    assert str(Line(file="a.yaml", line=None, what="")) == "a.yaml"
