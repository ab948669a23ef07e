"""ID-07: a mounted token is for listed controllers alone."""

from __future__ import annotations

from tests.policy_packs.control_pairs import found, pod

ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app, namespace: team}\n"
CONTROLLER = pod("{serviceAccountName: app, automountServiceAccountToken: true, containers: []}")


def test_a_listed_controller_and_its_account_mount_a_token_and_nobody_beside_it() -> None:
    listed = ["team/app"]
    assert found("ID-07", f"{ACCOUNT}---\n{CONTROLLER}", controllers=listed) == []
    assert len(found("ID-07", CONTROLLER.replace("serviceAccountName: app", "x: y"), controllers=listed)) == 1
    assert len(found("ID-07", CONTROLLER.replace("namespace: team", "namespace: b"), controllers=listed)) == 1
    assert len(found("ID-07", ACCOUNT.replace("name: app", "name: other"), controllers=listed)) == 1
