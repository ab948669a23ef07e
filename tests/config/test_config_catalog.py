from __future__ import annotations

import re

from config import catalog
from config.catalog import Chart, Definitions, Image


def test_an_image_is_referred_to_by_its_digest_where_that_is_known() -> None:
    image = Image(repository="registry.example.com/a", tag="v1", digest="sha256:ab")
    assert image.reference == "registry.example.com/a:v1@sha256:ab"


def test_an_image_without_a_digest_is_referred_to_by_its_tag() -> None:
    assert Image(repository="registry.example.com/a", tag="v1").reference == "registry.example.com/a:v1"


def test_the_pinned_pod_security_version_is_one_that_the_pinned_kubernetes_knows() -> None:
    pinned = [int(part) for part in catalog.POD_SECURITY_VERSION.removeprefix("v").split(".")]
    assert pinned <= [int(part) for part in catalog.KUBERNETES.split(".")[:2]]


def test_the_charts_and_the_lab_run_the_same_keycloak() -> None:
    assert catalog.KEYCLOAK_IMAGE.tag == catalog.KEYCLOAK


def charts() -> list[Chart]:
    found = [one for one in vars(catalog).values() if isinstance(one, Chart)]
    return [*found, *catalog.ISTIO_CHARTS.values()]


def test_every_chart_has_an_exact_version_and_an_encrypted_repository() -> None:
    assert charts()
    for chart in charts():
        assert all(part.isdigit() for part in chart.version.removeprefix("v").split(".")), chart
        assert chart.repository.startswith(("https://", "oci://")), chart


def test_every_digest_is_whole_and_no_other_names() -> None:
    """A digest that stands twice was copied to the wrong line."""
    images = [one.digest for one in vars(catalog).values() if isinstance(one, Image) and one.digest]
    files = [one.digest for one in vars(catalog).values() if isinstance(one, Definitions)]
    digests = [*images, *files, *(chart.digest for chart in charts())]
    assert len(set(digests)) == len(digests)
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in digests)


def test_the_mesh_runs_versions_that_have_every_chart() -> None:
    assert {
        (name, version) for version in catalog.ISTIO_VERSIONS for name in ("base", "istiod", "cni")
    } == set(catalog.ISTIO_CHARTS)
