from __future__ import annotations

import pulumi
from pulumi_kubernetes import Provider

from components.network.cluster_mesh import ISSUER
from components.trust.cluster_mesh_certificates import ClusterMeshCertificates, ClusterMeshCertificatesArgs
from components.trust.cluster_mesh_root import signing_path
from config.network_settings import ClusterMesh
from tests.components.test_components_vault_issuer import ACCESS
from tests.recorder import Declaration, run


def declared() -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        ClusterMeshCertificates(
            "east-cluster-mesh",
            ClusterMeshCertificatesArgs(
                mesh=ClusterMesh(domain="mesh.example.com"), access=ACCESS, labels={}
            ),
            pulumi.ResourceOptions(provider=provider),
        )

    found = run(program)
    assert found.misnamed() == []
    return {one.name: one for one in found.kubernetes}


def test_the_issuer_signs_at_its_own_clusters_role() -> None:
    vault = declared()["east-cluster-mesh-issuer"].inputs["spec"]["vault"]
    assert vault["path"] == signing_path("east")
    assert vault["auth"]["kubernetes"]["role"] == ISSUER


def test_every_certificate_comes_after_its_issuer() -> None:
    made = declared()
    wanted = [one for one in made.values() if one.inputs["kind"] == "Certificate"]
    assert len(wanted) == 4
    for one in wanted:
        assert "east-cluster-mesh-issuer" in one.dependencies
        assert one.inputs["metadata"]["namespace"] == "kube-system", "where Cilium's pods read the Secrets"
