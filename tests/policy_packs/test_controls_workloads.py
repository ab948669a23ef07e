"""Each row breaks, or bends, one field of a compliant pod."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.policy_packs.conftest import POD_CONTROLS

Manifest = dict[str, Any]
Change = Callable[..., Manifest]
Judge = Callable[[object], list[tuple[str, str]]]

C = "spec.containers.0"
I = "spec.initContainers.0"  # noqa: E741
E = "spec.ephemeralContainers.0"
APPARMOR = {"container.apparmor.security.beta.kubernetes.io/app": "unconfined"}

NOT_FALSE: tuple[Any, ...] = (True, None, "false", 0)
NOT_TRUE: tuple[Any, ...] = (False, None, "true", 1)
NOT_A_QUANTITY: tuple[Any, ...] = (None, "", [], True)
NOT_ALL_DROPPED: tuple[Any, ...] = (
    None,
    {},
    {"drop": []},
    {"drop": ["NET_RAW"]},
    {"drop": ["all"]},
    {"drop": "ALL"},
)

BROKEN: list[tuple[str, str, Any, str]] = [
    *[("WL-01", f"{where}.securityContext.privileged", True, "privileged is true") for where in (C, I, E)],
    ("WL-01", f"{C}.securityContext.privileged", "true", "privileged has a value that is not allowed"),
    *[("WL-02", f"spec.{key}", True, f"{key} is true") for key in ("hostNetwork", "hostPID", "hostIPC")],
    *[("WL-02", f"{where}.ports", [{"hostPort": 80}], "ports[0].hostPort is set") for where in (C, I, E)],
    ("WL-02", f"{C}.ports", [{}, {"hostPort": "80"}], "ports[1].hostPort"),
    *[
        ("WL-04", f"{where}.securityContext.allowPrivilegeEscalation", value, "allowPrivilegeEscalation")
        for where in (C, I, E)
        for value in NOT_FALSE
    ],
    *[
        ("WL-05", f"{where}.securityContext.capabilities", value, "drop does not list ALL")
        for where in (C, I, E)
        for value in NOT_ALL_DROPPED
    ],
    *[
        ("WL-05", f"{C}.securityContext.capabilities", {"drop": ["ALL"], "add": added}, "add[")
        for added in (
            ["SYS_ADMIN"],
            ["NET_BIND_SERVICE", "NET_RAW"],
            ["CAP_NET_BIND_SERVICE"],
            "NET_RAW",
            [0],
        )
    ],
    ("WL-06", "spec.securityContext.runAsNonRoot", False, "runAsNonRoot is false"),
    *[("WL-06", f"{where}.securityContext.runAsNonRoot", False, "is false") for where in (C, I, E)],
    ("WL-06", "spec.securityContext.runAsUser", 0, "runAsUser is 0"),
    ("WL-06", "spec.securityContext.runAsUser", 0.0, "runAsUser is 0"),
    ("WL-06", "spec.securityContext.runAsUser", "0", "runAsUser"),
    *[("WL-06", f"{where}.securityContext.runAsUser", 0, "runAsUser is 0") for where in (C, I, E)],
    ("WL-07", "spec.securityContext.seccompProfile.type", "Unconfined", "not allowed"),
    ("WL-07", "spec.securityContext.seccompProfile", {}, "type is not set"),
    *[
        ("WL-07", f"{where}.securityContext.seccompProfile", {"type": kind}, "seccompProfile.type")
        for where in (C, I, E)
        for kind in ("Unconfined", None, "runtime/default", 1, ["RuntimeDefault"])
    ],
    ("WL-08", "spec.volumes.0", {"name": "v", "nfs": {}}, 'volume "v" is of a type that is not allowed'),
    ("WL-08", "spec.volumes.0", {"name": "v", "tomorrow": {}}, "not allowed"),
    ("WL-08", "spec.volumes.0", {"name": "v", "emptyDir": {}, "gitRepo": {}}, "not allowed"),
    *[
        ("WL-09", f"{where}.securityContext.readOnlyRootFilesystem", value, "readOnlyRootFilesystem")
        for where in (C, I, E)
        for value in NOT_TRUE
    ],
    ("WL-10", "spec.securityContext.sysctls", [{"name": "kernel.msgmax"}], "sysctls[0]"),
    ("WL-10", "spec.securityContext.sysctls", [{}], "sysctls[0]"),
    *[("WL-10", f"{where}.securityContext.procMount", "Unmasked", "procMount") for where in (C, I, E)],
    *[
        ("WL-10", f"{where}.securityContext.seLinuxOptions", {key: value}, f"seLinuxOptions.{key}")
        for where in ("spec", C, I, E)
        for key, value in (("type", "spc_t"), ("user", "u"), ("role", "r"))
    ],
    *[
        ("WL-10", f"{where}.securityContext.appArmorProfile", profile, "appArmorProfile.type")
        for where in ("spec", C, I, E)
        for profile in ({"type": "Unconfined"}, {})
    ],
    ("WL-10", "metadata.annotations", APPARMOR, "AppArmor annotation"),
    *[
        ("WL-10", f"{where}.securityContext.windowsOptions.hostProcess", True, "hostProcess is true")
        for where in ("spec", C, I, E)
    ],
    *[
        ("WL-10", f"{where}.{probe}", {action: {"host": "10.0.0.1"}}, f"{probe}.{action}.host")
        for where in (C, I)
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        for action in ("httpGet", "tcpSocket")
    ],
    *[
        ("WL-10", f"{where}.lifecycle", {hook: {action: {"host": "h"}}}, f"lifecycle.{hook}.{action}.host")
        for where in (C, I)
        for hook in ("postStart", "preStop")
        for action in ("httpGet", "tcpSocket")
    ],
    *[
        ("WL-11", f"{where}.resources.{part}", {}, lacking)
        for where in (C, I)
        for part, lacking in (("requests", "requests.cpu, requests.memory"), ("limits", "limits.memory"))
    ],
    *[
        ("WL-11", f"{C}.resources.{key}", value, key)
        for key in ("requests.cpu", "requests.memory", "limits.memory")
        for value in NOT_A_QUANTITY
    ],
]

HARMLESS: list[tuple[str, Any]] = [
    (f"{C}.securityContext.privileged", False),
    ("spec.hostNetwork", False),
    (f"{C}.ports", [{"hostPort": 0}, {"hostPort": 0.0}]),
    (f"{C}.securityContext.capabilities.add", ["NET_BIND_SERVICE"]),
    (f"{C}.securityContext.capabilities.drop", ["NET_RAW", "ALL"]),
    (f"{C}.securityContext.runAsNonRoot", True),
    (f"{C}.securityContext.runAsUser", 65534),
    (f"{C}.securityContext.seccompProfile", {"type": "Localhost", "localhostProfile": "x"}),
    ("spec.volumes", None),
    ("spec.volumes.0", {"name": "implicit-empty-dir"}),
    ("spec.volumes.0", {"name": "v", "hostPath": None, "image": {"reference": "x"}}),
    *[
        ("spec.volumes.0", {"name": "v", kind: {}})
        for kind in (
            *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
            *("image", "persistentVolumeClaim", "projected", "secret"),
        )
    ],
    ("spec.securityContext.sysctls", [{"name": "net.ipv4.tcp_rmem"}, {"name": "net.ipv4.tcp_notsent_lowat"}]),
    (f"{C}.securityContext.procMount", "Default"),
    (f"{C}.securityContext.seLinuxOptions", {"type": "container_engine_t", "user": "", "level": "s0"}),
    ("spec.securityContext.appArmorProfile", {"type": "RuntimeDefault"}),
    ("spec.securityContext.windowsOptions", {"hostProcess": False}),
    ("metadata.annotations", {next(iter(APPARMOR)): "localhost/x"}),
    ("metadata.annotations", {next(iter(APPARMOR)): "runtime/default"}),
    ("metadata.annotations", None),
    (f"{C}.livenessProbe", {"httpGet": {"host": "", "port": 1}}),
    (f"{C}.lifecycle", None),
    (f"{E}.resources", None),
    (f"{C}.resources.requests.cpu", 1),
    ("spec.initContainers", None),
    ("spec.ephemeralContainers", []),
]


def test_the_compliant_pod_meets_every_control(compliant: Manifest, judged: Judge) -> None:
    assert judged(compliant) == []


@pytest.mark.parametrize(("control", "path", "value", "says"), BROKEN)
def test_one_broken_field_gives_one_message_of_its_control(
    control: str, path: str, value: object, says: str, changed: Change, judged: Judge
) -> None:
    found = judged(changed(path, value))
    assert [identity for identity, _ in found] == [control]
    assert says in found[0][1]


def test_every_control_has_a_broken_field_above_or_below() -> None:
    assert {row[0] for row in BROKEN} | {"WL-03"} == set(POD_CONTROLS)


@pytest.mark.parametrize("source", [{"path": "/var/run/docker.sock"}, {}, "x"])
def test_a_host_path_is_found_and_is_no_allowed_type_either(
    source: object, changed: Change, judged: Judge
) -> None:
    found = judged(changed("spec.volumes.0", {"name": "v", "hostPath": source}))
    assert [identity for identity, _ in found] == ["WL-03", "WL-08"]


@pytest.mark.parametrize(("path", "value"), HARMLESS)
def test_what_the_standard_allows_passes(path: str, value: object, changed: Change, judged: Judge) -> None:
    assert judged(changed(path, value)) == []
