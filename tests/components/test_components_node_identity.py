from __future__ import annotations

from components.cluster.node_identity import NodeIdentity, NodeIdentityArgs
from tests.aws_cluster import PLACE, declared, of_type
from tests.aws_policies import statements


def test_a_node_joins_and_pulls_and_may_do_nothing_else() -> None:
    made = declared(lambda opts: NodeIdentity("east-x", NodeIdentityArgs(place=PLACE, group="system"), opts))
    (role,) = of_type(made, "Role")
    (trust,) = statements(role.inputs["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert {one.inputs["policyArn"].rpartition("/")[2] for one in of_type(made, "RolePolicyAttachment")} == {
        "AmazonEKSWorkerNodePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
    }
    assert not of_type(made, "RolePolicy")
