from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import pytest

from lab.agent.containers import PodFacts, Sources
from lab.agent.errors import ContainerConfigError, MountError
from lab.agent.references import TokenWanted, references
from lab.agent.volumes import Content, mount_paths, prepare_volume, volume_files, volume_folder, write_volume

POD: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"app": "p"}},
    "spec": {"containers": [{"name": "c"}]},
}


def content(**data: str) -> Content:
    secret = {"data": {"password": base64.b64encode(b"open sesame").decode()}}
    return Content(
        pod=POD,
        sources=Sources(namespace="ns", config_maps={"cm": {"data": data}}, secrets={"s": secret}),
        facts=PodFacts(address="127.9.1.1"),
        tokens={TokenWanted(audience="", seconds=3607): "token"},
    )


def test_a_config_map_changes_as_a_whole_through_one_link(tmp_path: Path) -> None:
    volume = {"name": "v", "configMap": {"name": "cm"}}
    prepare_volume(volume, tmp_path, content(a="1", b="2"))
    opened = (tmp_path / "..data").resolve()
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("1", "2")
    prepare_volume(volume, tmp_path, content(a="3", c="4"))
    assert ((tmp_path / "a").read_text(), (tmp_path / "c").read_text()) == ("3", "4")
    assert not (tmp_path / "b").is_symlink()
    assert not opened.exists()
    assert (tmp_path / "a").is_symlink()


def test_a_volume_that_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    files = volume_files({"configMap": {"name": "cm"}}, content(a="1"))
    assert write_volume(tmp_path, files)
    assert not write_volume(tmp_path, files)
    assert write_volume(tmp_path, volume_files({"configMap": {"name": "cm"}}, content(a="2")))


def test_modes_are_those_of_the_specification(tmp_path: Path) -> None:
    items = [{"key": "a", "path": "x/a"}, {"key": "b", "path": "b", "mode": 0o400}]
    prepare_volume(
        {"name": "v", "configMap": {"name": "cm", "defaultMode": 0o440, "items": items}},
        tmp_path,
        content(a="1", b="2"),
    )
    assert stat.S_IMODE((tmp_path / "x/a").stat().st_mode) == 0o440
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o400


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        (
            {"configMap": {"name": "cm", "items": [{"key": "z", "path": "z"}]}},
            "non-existent configmap key: z",
        ),
        ({"hostPath": {"path": "/"}}, r"\['hostPath'\] is not supported"),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, "has not issued one yet"),
    ],
)
def test_a_volume_that_cannot_be_set_up_says_why(
    tmp_path: Path, volume: dict[str, Any], message: str
) -> None:
    with pytest.raises(MountError, match=message):
        prepare_volume({"name": "v"} | volume, tmp_path, content(a="1"))


def test_an_optional_object_may_be_missing(tmp_path: Path) -> None:
    prepare_volume({"name": "v", "secret": {"secretName": "none", "optional": True}}, tmp_path, content())
    assert [entry.name for entry in tmp_path.iterdir() if not entry.name.startswith("..")] == []


def test_a_projected_volume_joins_its_sources(tmp_path: Path) -> None:
    token = {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}
    label = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
    sources = [token, {"secret": {"name": "s"}}, {"downwardAPI": {"items": [label]}}]
    prepare_volume({"name": "v", "projected": {"sources": sources}}, tmp_path, content())
    assert (tmp_path / "token").read_text() == "token"
    assert (tmp_path / "password").read_text() == "open sesame"
    assert (tmp_path / "labels").read_text() == 'app="p"'
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_a_claim_lies_where_it_outlives_the_pod(tmp_path: Path) -> None:
    own, claims = tmp_path / "own", tmp_path / "claims"
    claim = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    assert volume_folder(claim, POD, own, claims) == claims / "data"
    assert volume_folder({"name": "v", "emptyDir": {}}, POD, own, claims) == own / "v"


def test_a_sub_path_is_a_place_below_its_volume(tmp_path: Path) -> None:
    container = {"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/x", "subPathExpr": "$(WHO)/y"}]}
    assert mount_paths(container, {"v": tmp_path}, {"WHO": "me"}) == {"/x": str(tmp_path / "me/y")}
    assert (tmp_path / "me/y").is_dir()


@pytest.mark.parametrize("path", ["../x", "/etc", "a/../../x"])
def test_a_sub_path_never_leaves_its_volume(tmp_path: Path, path: str) -> None:
    container = {"name": "c", "volumeMounts": [{"name": "v", "mountPath": "/x", "subPath": path}]}
    with pytest.raises(ContainerConfigError, match="relative path"):
        mount_paths(container, {"v": tmp_path}, {})


def test_a_pods_references_are_found_in_volumes_and_variables() -> None:
    projected = {
        "sources": [{"secret": {"name": "s1"}}, {"serviceAccountToken": {"path": "t", "audience": "a"}}]
    }
    container = {
        "name": "c",
        "envFrom": [{"configMapRef": {"name": "c1"}}],
        "env": [
            {"name": "X", "valueFrom": {"secretKeyRef": {"name": "s2", "key": "k"}}},
            {"name": "Y", "value": "1"},
        ],
    }
    volumes = [{"name": "a", "projected": projected}, {"name": "b", "configMap": {"name": "c2"}}]
    found = references({"spec": {"volumes": volumes, "containers": [], "initContainers": [container]}})
    assert (set(found.config_maps), set(found.secrets)) == ({"c1", "c2"}, {"s1", "s2"})
    assert found.tokens == {TokenWanted(audience="a", seconds=3600)}
