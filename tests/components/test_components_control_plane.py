from __future__ import annotations

from collections.abc import Sequence

import pytest

from components.cluster.control_plane import ControlPlane, ControlPlaneArgs, realm
from config.access import ROLES_CLAIM
from config.catalog import EKS_VERSION, KUBERNETES
from tests.aws_answers import arn
from tests.aws_cluster import PLACE, SUBNETS, VPC, declared, of_type
from tests.recorder import Declaration


def control(sources: Sequence[str] = (), public: Sequence[str] = ()) -> dict[str, Declaration]:
    args = ControlPlaneArgs(
        place=PLACE,
        vpc_id=VPC,
        subnet_ids=SUBNETS,
        node_group="sg-0123456789abcdef0",
        service_cidr="10.68.0.0/16",
        sources=sources,
        public_sources=public,
        secrets_key=arn("kms", "key/secrets"),
        logs_key=arn("kms", "key/logs"),
        log_days=365,
        issuer="https://id.example.com/realms/mlops",
    )
    return declared(lambda opts: ControlPlane("east-control", args, opts))


def cluster(made: dict[str, Declaration]) -> Declaration:
    (found,) = of_type(made, "Cluster")
    return found


def test_the_api_server_is_private_unless_somebody_is_named() -> None:
    access = cluster(control()).inputs["vpcConfig"]
    assert (access["endpointPrivateAccess"], access["endpointPublicAccess"]) == (True, False)
    assert "publicAccessCidrs" not in access


def test_a_public_endpoint_is_for_the_named_addresses_alone() -> None:
    access = cluster(control(public=["198.51.100.0/24"])).inputs["vpcConfig"]
    assert access["endpointPublicAccess"]
    assert access["endpointPrivateAccess"]
    assert access["publicAccessCidrs"] == ["198.51.100.0/24"]


@pytest.mark.parametrize("sources", [[], ["10.240.0.0/16"], ["10.240.0.0/16", "10.241.0.0/16"]])
def test_routed_networks_reach_the_private_endpoint_only_if_they_are_named(sources: list[str]) -> None:
    made = control(sources)
    assert [one.inputs["cidrIpv4"] for one in of_type(made, "SecurityGroupIngressRule")] == sources


def test_access_is_by_entries_and_the_creator_gets_nothing_by_creating() -> None:
    access = cluster(control()).inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}


def test_secrets_are_encrypted_with_the_clusters_own_key() -> None:
    encryption = cluster(control()).inputs["encryptionConfig"]
    assert encryption == {"provider": {"keyArn": arn("kms", "key/secrets")}, "resources": ["secrets"]}


def test_every_log_goes_to_an_encrypted_group_that_is_there_first_and_forgets() -> None:
    made = control()
    (group,) = of_type(made, "LogGroup")
    assert group.inputs["name"] == "/aws/eks/east/cluster"
    assert group.inputs["kmsKeyId"] == arn("kms", "key/logs")
    assert group.inputs["retentionInDays"] == 365
    assert cluster(made).explicit_dependencies == {group.name}
    assert len(cluster(made).inputs["enabledClusterLogTypes"]) == 5


def test_only_eks_takes_the_role_and_the_cluster_comes_after_its_rights() -> None:
    made = control()
    (role,) = of_type(made, "Role")
    assert "eks.amazonaws.com" in role.inputs["assumeRolePolicy"]
    assert PLACE.cluster_arn in role.inputs["assumeRolePolicy"]
    assert "east-control-rights" in cluster(made).dependencies


def test_no_cni_and_no_proxy_of_aws_come_with_it() -> None:
    assert cluster(control()).inputs["bootstrapSelfManagedAddons"] is False


def test_people_are_named_as_in_the_lab() -> None:
    assert realm("https://id.example.com/realms/mlops")["oidc"] == {
        "identity_provider_config_name": "realm",
        "issuer_url": "https://id.example.com/realms/mlops",
        "client_id": "kubernetes",
        "username_claim": "sub",
        "username_prefix": "mlops:",
        "groups_claim": ROLES_CLAIM,
        "groups_prefix": "mlops:",
    }


def test_eks_runs_the_minor_version_of_the_lab() -> None:
    assert KUBERNETES.startswith(f"{EKS_VERSION}.")
    assert cluster(control()).inputs["version"] == EKS_VERSION
