from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cli.errors import CommandRefused
from cli.render import kubernetes_objects, write
from tests.cli.planned import config_map, planned


def test_an_object_lies_under_its_cluster_and_namespace() -> None:
    found = kubernetes_objects([config_map("a"), config_map("b", cluster="west")])
    assert sorted(map(str, found)) == ["east/team/configmap-a.yaml", "west/team/configmap-b.yaml"]


def test_an_object_without_a_namespace_lies_under_cluster_scope() -> None:
    assert list(kubernetes_objects([config_map("a", namespace=None)])) == [
        Path("east/_cluster/configmap-a.yaml")
    ]


def test_components_and_providers_are_no_objects() -> None:
    others = [planned("mlops:index:Mlflow", "m"), planned("pulumi:providers:kubernetes", "east")]
    assert kubernetes_objects(others) == {}


def test_two_objects_never_share_a_file() -> None:
    twins = [
        planned(f"kubernetes:{group}:Thing", f"east-{group[0]}", inputs={
            "apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "x", "namespace": "n"},
        })
        for group in ("a.io", "b.io")
    ]  # fmt: skip
    assert len(kubernetes_objects(twins)) == 2


def test_a_second_rendering_replaces_the_first(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(kubernetes_objects([config_map("old")]), out)
    write(kubernetes_objects([config_map("new", namespace="other")]), out)
    files = sorted(str(p.relative_to(out)) for p in out.rglob("*.yaml"))
    assert files == ["east/other/configmap-new.yaml"]
    assert yaml.safe_load((out / files[0]).read_text())["data"] == {"a": "b"}


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CommandRefused, match="not empty"):
        write(kubernetes_objects([config_map("a")]), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_marker_that_points_outside_removes_nothing_there(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    out = tmp_path / "out"
    write({}, out)
    (out / ".rendered-by-mlops").write_text("../outside.txt\n")
    write({}, out)
    assert outside.exists()
