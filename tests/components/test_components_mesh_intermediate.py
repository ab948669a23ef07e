from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.manifest import NamespaceRef
from components.trust.mesh_intermediate import (
    ROOTS,
    MeshIntermediate,
    MeshIntermediateArgs,
    certificate,
    control_plane_values,
    mesh_config,
    trusted_roots,
)
from components.trust.mesh_names import common_name
from tests.components.test_components_vault_issuer import ACCESS
from tests.recorder import Declaration, run
from tests.upstream_charts import mistakes, needs_charts

SYSTEM = NamespaceRef(name="istio-system", ready="istio-system")
OLD, NEW = ("-----BEGIN CERTIFICATE-----\nold\n-----END CERTIFICATE-----\n", "new")
DAY = 24


def wanted(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = certificate("east", SYSTEM, {}, **{"wait": True, **changed})
    return found


def declared(*roots: str, later: bool = False) -> dict[str, Declaration]:
    def program() -> None:
        given = [pulumi.Output.from_input(one) if later else one for one in roots]
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        MeshIntermediate(
            "east-mesh-ca",
            MeshIntermediateArgs(
                namespace=SYSTEM,
                access=ACCESS,
                path="pki-mesh/root/sign-intermediate",
                roots=given,
                signed=True,
                labels={"team": "platform"},
            ),
            pulumi.ResourceOptions(provider=provider),
        )

    found = run(program)
    assert found.misnamed() == []
    return {one.name: one for one in found.declarations}


def test_it_is_an_authority_in_the_secret_that_istio_reads() -> None:
    spec = wanted()["spec"]
    assert (spec["isCA"], spec["secretName"]) == (True, "cacerts")
    assert spec["commonName"] == common_name("east")
    assert "cert sign" in spec["usages"]


def test_it_names_nothing_that_a_workload_could_be() -> None:
    assert not {"dnsNames", "uris", "ipAddresses"} & wanted()["spec"].keys()


def hours(text: str) -> int:
    return int(text.removesuffix("h0m0s"))


def test_a_new_one_is_there_long_before_what_the_old_one_signed_ends() -> None:
    """A workload's certificate lives for a day."""
    spec = wanted()["spec"]
    assert hours(spec["duration"]) > hours(spec["renewBefore"]) > 7 * DAY
    assert spec["privateKey"]["rotationPolicy"] == "Always", "the same key again would be no rotation"


@pytest.mark.parametrize("wait", [True, False])
def test_it_counts_as_made_once_it_is_signed_where_anybody_signs(wait: bool) -> None:
    annotations = wanted(wait=wait)["metadata"].get("annotations", {})
    assert annotations == ({"pulumi.com/waitFor": "condition=Ready"} if wait else {})


def test_it_comes_after_its_issuer() -> None:
    made = declared(OLD)
    assert "east-mesh-ca-issuer" in made["east-mesh-ca-certificate"].dependencies
    assert made["east-mesh-ca-issuer"].inputs["kind"] == "ClusterIssuer"


def trusted(config: str) -> list[str]:
    return [one["pem"] for one in json.loads(config)["caCertificates"]]


@pytest.mark.parametrize("roots", [[OLD], [OLD, NEW]])
def test_all_roots_are_trusted_at_once(roots: list[str]) -> None:
    assert trusted(mesh_config(roots)) == roots


def test_a_single_root_is_known_from_the_authority_below_it_and_hides_nothing_in_a_first_preview() -> None:
    config = declared(OLD, later=True)["east-mesh-ca-roots"].inputs
    assert trusted(config["data"]["mesh"]) == []


@pytest.mark.parametrize("later", [False, True])
def test_roots_are_trusted_whether_or_not_they_are_known_yet(later: bool) -> None:
    config = declared(OLD, NEW, later=later)["east-mesh-ca-roots"].inputs
    assert config["metadata"]["name"] == ROOTS
    assert trusted(config["data"]["mesh"]) == [OLD, NEW]


def test_the_control_plane_reads_the_roots_and_starts_again_for_a_new_one() -> None:
    first, second = control_plane_values("1"), control_plane_values("2")
    assert first["env"]["SHARED_MESH_CONFIG"] == trusted_roots([OLD], SYSTEM, {})["metadata"]["name"] == ROOTS
    assert first["env"]["ISTIO_MULTIROOT_MESH"] == "true", "else the first root alone would count"
    assert first["podAnnotations"] != second["podAnnotations"]
    assert {**first, "podAnnotations": {}} == {**second, "podAnnotations": {}}


@needs_charts
def test_istios_chart_takes_these_values() -> None:
    assert mistakes("istiod", control_plane_values("1")) == []
