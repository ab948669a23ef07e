from __future__ import annotations

from components.cluster.pod_identity import PodIdentity, PodIdentityArgs
from components.cluster.policy import allow, document
from tests.aws_cluster import PLACE, declared, of_type

RIGHTS = document(allow("Read", ["ec2:DescribeVolumes"], ["*"], {"StringEquals": {"a": "b"}}))
ARGS = PodIdentityArgs(
    place=PLACE, cluster="east", part="driver", namespace="kube-system", service_account="sa", rights=RIGHTS
)


def test_the_association_and_the_roles_trust_name_the_same_service_account() -> None:
    made = declared(lambda opts: PodIdentity("east-driver", ARGS, opts))
    (association,), (role,) = of_type(made, "PodIdentityAssociation"), of_type(made, "Role")
    assert association.inputs["roleArn"] == PLACE.role("driver")
    for value in (association.inputs["namespace"], association.inputs["serviceAccount"], "east"):
        assert f'"{value}"' in role.inputs["assumeRolePolicy"]


def test_pods_are_let_in_only_once_the_role_has_its_rights() -> None:
    made = declared(lambda opts: PodIdentity("east-driver", ARGS, opts))
    (association,) = of_type(made, "PodIdentityAssociation")
    assert "east-driver-rights" in association.dependencies
    assert of_type(made, "RolePolicy")[0].inputs["policy"] == RIGHTS
