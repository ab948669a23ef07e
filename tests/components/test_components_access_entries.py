from __future__ import annotations

from components.cluster.access_entries import AccessEntries, AccessEntriesArgs
from tests.aws_cluster import PLACE, declared, known, of_type
from tests.recorder import Declaration

ADMINS = [PLACE.iam("role/deployer"), PLACE.iam("role/emergency/break-glass")]


def entries() -> dict[str, Declaration]:
    return declared(
        lambda opts: AccessEntries(
            "east-admins", AccessEntriesArgs(place=PLACE, cluster=known("east"), admins=ADMINS), opts
        )
    )


def test_exactly_the_named_roles_enter_and_administer() -> None:
    made = entries()
    assert {one.inputs["principalArn"] for one in of_type(made, "AccessEntry")} == set(ADMINS)
    rights = of_type(made, "AccessPolicyAssociation")
    assert {one.inputs["principalArn"] for one in rights} == set(ADMINS)
    assert {one.inputs["policyArn"] for one in rights} == {
        "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    }


def test_no_group_of_kubernetes_is_given_by_iam() -> None:
    assert all("kubernetesGroups" not in one.inputs for one in of_type(entries(), "AccessEntry"))


def test_rights_come_after_the_entry() -> None:
    for one in of_type(entries(), "AccessPolicyAssociation"):
        assert one.name.removesuffix("-rights") in one.dependencies
