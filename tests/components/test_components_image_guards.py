"""Supply-chain controls at admission say what the packs say of the same image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.admission.image_guards import CATALOGUE, PROXY, image_guards, registries, unpinned
from config.catalog import Image
from tests.components.admission_requests import bearing, refusing
from tests.policy_packs.control_pairs import found

CONFIG = Path(__file__).parents[2] / "policy-packs/platform/config"
DIGEST = "sha256:" + "0" * 64
REGISTRIES = ("registry.example/", "registry.example:5000/ml/")
GUARDS = tuple(image_guards(REGISTRIES, digests=True))
ALLOWED = {"allowedRegistries": [*registries(REGISTRIES)]}
IMAGES = [
    "",
    "app",
    "app:1",
    "registry.example",
    "registry.example/app",
    "registry.example/app:1",
    "registry.example/app:latest",
    f"registry.example/app:latest@{DIGEST}",
    f"registry.example/app@{DIGEST}",
    f"registry.example/app:1@{DIGEST}",
    "registry.example/app@sha256:0",
    "registry.example/app:1@sha512:00",
    "registry.example/a/b:1",
    "registry.example.evil.test/app:1",
    f"registry.example.evil.test/app@{DIGEST}",
    "registry.example:5000/app:1",
    "registry.example:5000/ml/app",
    "registry.example:5000/ml/app:1",
    "registry.example:5000/mlx/app:1",
    "ghcr.io/mlflow/mlflow:latest",
    f"evil.test/registry.example/app@{DIGEST}",
]


def pod(image: str, mounted: str | None = None) -> dict[str, Any]:
    volumes = [{"name": "a", "emptyDir": {}}]
    if mounted is not None:
        volumes.append({"name": "b", "image": {"reference": mounted}})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app", "namespace": "team"},
        "spec": {"containers": [{"name": "app", "image": image}], "volumes": volumes},
    }


def broken(manifest: dict[str, Any]) -> set[str]:
    text = yaml.safe_dump(manifest)
    return {one for one in ("SC-01", "SC-02", "SC-03") if found(one, text, **ALLOWED)}


@pytest.mark.parametrize("image", IMAGES)
def test_the_verdict_on_an_image_is_the_packs(image: str) -> None:
    for manifest in (*bearing(pod(image)), *bearing(pod(f"registry.example/app@{DIGEST}", image))):
        assert refusing(manifest, GUARDS) == broken(manifest), manifest["kind"]


def test_a_container_that_leaves_its_image_to_somebody_else_is_refused() -> None:
    manifest = pod("x")
    del manifest["spec"]["containers"][0]["image"]
    assert refusing(manifest, GUARDS) == {"SC-01", "SC-02", "SC-03"}


def test_the_platforms_own_images_pass_as_the_catalogue_names_them() -> None:
    for image in CATALOGUE:
        assert refusing(pod(image.reference), GUARDS) == set()


def test_once_the_catalogue_knows_a_digest_the_image_has_to_have_it() -> None:
    known = Image(repository="ghcr.io/a/b", tag="1", digest=DIGEST)
    bare = Image(repository="ghcr.io/a/c", tag="1")
    assert list(unpinned((known, bare))) == [bare]


def test_the_meshs_own_proxy_passes_by_its_version() -> None:
    assert refusing(pod(f"{PROXY}1.31"), GUARDS) == set()
    assert refusing(pod(f"{PROXY.removesuffix(':')}-evil:1.31"), GUARDS) == {"SC-01", "SC-03"}


def test_in_development_a_version_is_enough() -> None:
    assert refusing(pod("registry.example/app:1"), image_guards(REGISTRIES, digests=False)) == set()


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_registries_of_the_platform_are_those_that_the_packs_allow_its_stacks(stack: str) -> None:
    given = json.loads((CONFIG / f"{stack}.json").read_text(encoding="utf-8"))
    assert list(registries(())) == given["supply-chain"]["allowedRegistries"]
