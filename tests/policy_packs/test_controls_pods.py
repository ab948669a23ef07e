"""How the controls see whole pods: kinds, groups, operating systems, and values that cannot be known."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from controls.fields import Unproved
from controls.pods import POD_PATHS

from tests.policy_packs.conftest import POD_CONTROLS

Manifest = dict[str, Any]
Change = Callable[..., Manifest]
Judge = Callable[[object], list[tuple[str, str]]]

C = "spec.containers.0"


@pytest.mark.parametrize("list_name", ["containers", "initContainers", "ephemeralContainers"])
@pytest.mark.parametrize("kind", sorted(POD_PATHS))
def test_every_pod_bearing_kind_is_judged_in_every_list(
    kind: str, list_name: str, compliant: Manifest, judged: Judge
) -> None:
    compliant["spec"][list_name][0]["securityContext"]["privileged"] = True
    template = {"metadata": compliant["metadata"], "spec": compliant["spec"]}
    for key in reversed(POD_PATHS[kind]):
        template = {key: template}
    found = judged({"apiVersion": "v1", "kind": kind, **template})
    assert [identity for identity, _ in found] == ["WL-01"]


@pytest.mark.parametrize("version", ["apps/v1", "batch/v1beta1", "extensions/v1beta1", "v1", None])
def test_any_version_of_the_groups_that_define_the_kinds_is_judged(
    version: str | None, compliant: Manifest, judged: Judge
) -> None:
    compliant["spec"]["hostPID"] = True
    assert judged({**compliant, "apiVersion": version})


def test_a_kind_of_the_same_name_in_a_foreign_group_is_none_of_ours(
    compliant: Manifest, judged: Judge
) -> None:
    compliant["spec"]["hostPID"] = True
    assert judged({**compliant, "apiVersion": "batch.volcano.sh/v1alpha1"}) == []


def test_the_pod_of_a_windows_node_need_not_set_linux_fields(changed: Change, judged: Judge) -> None:
    manifest = changed("spec.os.name", "windows")
    manifest["spec"]["securityContext"] = {"runAsNonRoot": True}
    for container in manifest["spec"]["containers"] + manifest["spec"]["initContainers"]:
        container["securityContext"] = {}
    assert judged(manifest) == []
    manifest["spec"]["os"]["name"] = "linux"
    assert {identity for identity, _ in judged(manifest)} == {"WL-04", "WL-05", "WL-07", "WL-09"}


def test_a_pod_in_a_user_namespace_may_run_as_root_but_not_with_an_unmasked_proc(
    changed: Change, judged: Judge
) -> None:
    manifest = changed("spec.hostUsers", False)
    manifest["spec"]["securityContext"] |= {"runAsNonRoot": False, "runAsUser": 0}
    assert judged(manifest) == []
    found = judged(changed(f"{C}.securityContext.procMount", "Unmasked", manifest))
    assert [identity for identity, _ in found] == ["WL-10"]


@pytest.mark.parametrize(
    ("control", "key", "value"),
    [("WL-06", "runAsNonRoot", True), ("WL-07", "seccompProfile", {"type": "RuntimeDefault"})],
)
def test_every_container_may_say_what_the_pod_leaves_out(
    control: str, key: str, value: object, compliant: Manifest, judged: Judge
) -> None:
    del compliant["spec"]["securityContext"][key]
    containers = [
        compliant["spec"][name][0] for name in ("containers", "initContainers", "ephemeralContainers")
    ]
    assert [identity for identity, _ in judged(compliant)] == [control] * 3
    for container in containers:
        container["securityContext"][key] = value
    assert judged(compliant) == []
    del containers[1]["securityContext"][key]
    assert [identity for identity, _ in judged(compliant)] == [control]


@pytest.mark.parametrize("doubt", list(Unproved))
@pytest.mark.parametrize(
    ("path", "controls"),
    [
        ("metadata.labels", set()),
        ("metadata.name", set()),
        (f"{C}.name", set()),
        (f"{C}.image", set()),
        (f"{C}.env", set()),
        ("spec.volumes.0.emptyDir", set()),
        (f"{C}.securityContext.privileged", {"WL-01"}),
        ("spec.hostNetwork", {"WL-02"}),
        ("spec.volumes", {"WL-03", "WL-08"}),
        (f"{C}.securityContext.allowPrivilegeEscalation", {"WL-04"}),
        (f"{C}.securityContext.capabilities", {"WL-05"}),
        (f"{C}.securityContext.capabilities.drop", {"WL-05"}),
        ("spec.securityContext.runAsNonRoot", {"WL-06"}),
        ("spec.securityContext.runAsUser", {"WL-06"}),
        ("spec.securityContext.seccompProfile", {"WL-07"}),
        (f"{C}.securityContext.readOnlyRootFilesystem", {"WL-09"}),
        ("metadata.annotations", {"WL-10"}),
        (f"{C}.livenessProbe", {"WL-10"}),
        (f"{C}.resources", {"WL-11"}),
        (f"{C}.securityContext", {f"WL-{n:02}" for n in (1, 4, 5, 6, 7, 9, 10)}),
        ("spec.containers", set(POD_CONTROLS) - {"WL-03", "WL-08"}),
        ("spec", set(POD_CONTROLS)),
    ],
)
def test_a_doubtful_value_is_not_proved_for_the_controls_that_read_it_and_for_no_other(
    doubt: Unproved, path: str, controls: set[str], changed: Change, judged: Judge
) -> None:
    found = judged(changed(path, doubt))
    assert {identity for identity, _ in found} == controls


def test_a_container_that_is_no_list_is_judged_by_what_it_says(compliant: Manifest, judged: Judge) -> None:
    (container,) = compliant["spec"]["containers"]
    compliant["spec"]["containers"] = container
    assert judged(compliant) == []
    container["securityContext"]["privileged"] = True
    ((identity, message),) = judged(compliant)
    assert identity == "WL-01"
    assert message.startswith('container "app": ')


def test_a_quantity_that_is_not_known_yet_is_still_given(changed: Change, judged: Judge) -> None:
    assert judged(changed(f"{C}.resources.limits.memory", Unproved.UNKNOWN)) == []


def test_no_message_repeats_a_value_that_could_be_a_secret(compliant: Manifest, judged: Judge) -> None:
    secret = "hunter2 in clear"

    def poison(value: object) -> Any:
        if isinstance(value, dict):
            return {key: poison(item) for key, item in value.items()}
        return [poison(item) for item in value] if isinstance(value, list) else secret

    poisoned = poison(copy.deepcopy(compliant["spec"]))
    poisoned |= {"hostNetwork": secret, "volumes": [{"name": secret, secret: secret}]}
    poisoned["securityContext"] |= {"sysctls": [{"name": secret}], "seLinuxOptions": {"type": secret}}
    found = judged({**compliant, "spec": poisoned})
    assert len(found) > len(POD_CONTROLS)
    assert not [message for _, message in found if secret in message]
