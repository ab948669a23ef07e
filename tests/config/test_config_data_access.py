from __future__ import annotations

from config.access import MATRIX, Grant, Role
from config.data_access import BUCKET, s3_policies, statements

POLICIES = s3_policies(MATRIX)


def test_every_role_has_a_policy_of_its_own_name() -> None:
    assert set(POLICIES) == {role.value for role in Role}
    assert {policy["Version"] for policy in POLICIES.values()} == {"2012-10-17"}


def test_a_policy_reaches_one_bucket_and_has_no_action_of_every_kind() -> None:
    for policy in POLICIES.values():
        for statement in policy["Statement"]:
            assert "s3:*" not in statement["Action"]
            for resource in statement["Resource"]:
                assert resource.split(":::")[1].split("/")[0] == BUCKET


def test_uploads_do_not_reach_the_store_of_versions() -> None:
    (upload,) = statements(MATRIX.permission("upload", "data"), "b")
    assert upload["Resource"] == ["arn:aws:s3:::b/raw/*"]
    assert "s3:DeleteObject" not in upload["Action"]


def test_a_role_without_a_grant_is_denied_by_name() -> None:
    nothing = MATRIX
    for permission in MATRIX.grants:
        if permission.resource == "data":
            nothing = nothing.replaced(permission, Role.LABELER, Grant.NO)
    (statement,) = s3_policies(nothing, "b")["labeler"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["s3:*"])
    assert statement["Resource"] == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
