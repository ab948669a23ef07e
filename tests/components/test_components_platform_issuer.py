from __future__ import annotations

import pulumi
from pulumi_kubernetes import Provider

from components.network.certificate import ISSUER
from components.trust.platform_issuer import SECRET, PlatformIssuer, PlatformIssuerArgs, manifests
from tests.recorder import run

PARTS = manifests("east", {"team": "platform"})


def test_it_is_the_issuer_that_the_platforms_certificates_name() -> None:
    assert PARTS["issuer"]["metadata"]["name"] == ISSUER
    assert PARTS["issuer"]["kind"] == "ClusterIssuer"


def test_it_signs_with_the_authority_that_signed_itself() -> None:
    authority = PARTS["authority"]["spec"]
    assert authority["isCA"] is True
    assert authority["issuerRef"]["name"] == PARTS["self-signed"]["metadata"]["name"]
    assert (
        PARTS["issuer"]["spec"]
        == {"ca": {"secretName": authority["secretName"]}}
        == {"ca": {"secretName": SECRET}}
    )


def test_nobody_outside_of_its_namespace_can_have_a_certificate_sign_itself() -> None:
    """As a ClusterIssuer it would make authorities for whoever asks."""
    assert PARTS["self-signed"]["kind"] == "Issuer"


def test_the_authority_is_renewed_long_before_its_end() -> None:
    spec = PARTS["authority"]["spec"]
    life, rest = (int(spec[key].removesuffix("h")) for key in ("duration", "renewBefore"))
    assert 90 * 24 < rest < life / 2


def test_each_part_comes_after_what_it_needs() -> None:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        PlatformIssuer(
            "east-authority",
            PlatformIssuerArgs(cluster="east", labels={}),
            pulumi.ResourceOptions(provider=provider),
        )

    made = {one.name: one for one in run(program).declarations}
    assert "east-authority-self-signed" in made["east-authority-authority"].dependencies
    assert "east-authority-authority" in made["east-authority-issuer"].dependencies
