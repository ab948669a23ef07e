"""WL-10. Source: the Pod Security checks named at each function (restricted, v1.37)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity, on_pod
from controls.fields import Fields, Unproved, seen
from controls.pods import KINDS, Container, Pod

SAFE_SYSCTLS: Final = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
        "net.ipv4.tcp_slow_start_after_idle",
        "net.ipv4.tcp_notsent_lowat",
    }
)
"""The list of v1.37; the last two are still refused by a namespace that enforces v1.36."""

_SELINUX_TYPES: Final = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APPARMOR_TYPES: Final = ("RuntimeDefault", "Localhost")
_APPARMOR_REMEDY: Final = "use RuntimeDefault or Localhost"
_APPARMOR_ANNOTATION: Final = "container.apparmor.security.beta.kubernetes.io/"
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS: Final = ("postStart", "preStop")
_HANDLERS: Final = ("httpGet", "tcpSocket")


def check(pod: Pod) -> Iterator[str]:
    yield from _sysctls(pod)
    yield from _app_armor_annotations(pod)
    for where, security in pod.securities():
        if security.unproved:
            yield f"{where}: securityContext {security.unproved.value}; write it out"
        else:
            yield from _proc_mount(where, security)
            yield from _se_linux(where, security)
            yield from _app_armor(where, security)
            yield from _host_process(where, security)
    for container in pod.containers:
        yield from _handler_hosts(container)


def _sysctls(pod: Pod) -> Iterator[str]:
    """check_sysctls."""
    if pod.security.unproved:
        return
    for index, sysctl in enumerate(pod.security.entries("sysctls")):
        name = sysctl.value("name")
        if not isinstance(name, str) or name not in SAFE_SYSCTLS:
            yield f"pod: securityContext.sysctls[{index}].name is not on the safe list; remove it"


def _proc_mount(where: str, security: Fields) -> Iterator[str]:
    """check_procMount_restricted."""
    value = security.value("procMount")
    if value is not None and value != "Default":
        yield f"{where}: securityContext.procMount {seen(value)}; remove it or use Default"


def _se_linux(where: str, security: Fields) -> Iterator[str]:
    """check_seLinuxOptions (v1.31 and later)."""
    options = security.section("seLinuxOptions")
    kind = options.value("type")
    if kind is not None and (isinstance(kind, Unproved) or kind not in _SELINUX_TYPES):
        yield f"{where}: securityContext.seLinuxOptions.type {seen(kind)}; use container_t or remove it"
    for key in ("user", "role"):
        value = options.value(key)
        if value is not None and value != "" and not options.unproved:
            yield f"{where}: securityContext.seLinuxOptions.{key} is set; remove it"


def _app_armor(where: str, security: Fields) -> Iterator[str]:
    """check_appArmorProfile, the fields."""
    if security.value("appArmorProfile") is None:
        return
    kind = security.section("appArmorProfile").value("type")
    if isinstance(kind, Unproved) or kind not in _APPARMOR_TYPES:
        yield f"{where}: securityContext.appArmorProfile.type {seen(kind)}; {_APPARMOR_REMEDY}"


def _app_armor_annotations(pod: Pod) -> Iterator[str]:
    """check_appArmorProfile, the annotations, which the API server still copies into the fields."""
    if pod.annotations.unproved:
        yield f"pod: metadata.annotations {pod.annotations.unproved.value}; write it out"
    for key, value in pod.annotations.present():
        if key.startswith(_APPARMOR_ANNOTATION) and not _allowed_profile(value):
            yield "pod: an AppArmor annotation does not name runtime/default or localhost/…; remove it"


def _host_process(where: str, security: Fields) -> Iterator[str]:
    """check_windowsHostProcess."""
    value = security.section("windowsOptions").value("hostProcess")
    if value is not None and value is not False:
        yield f"{where}: securityContext.windowsOptions.hostProcess {seen(value)}; remove it"


def _handler_hosts(container: Container) -> Iterator[str]:
    """check_hostProbesAndhostLifecycle (v1.34 and later)."""
    if container.fields.unproved:
        return
    lifecycle = container.fields.section("lifecycle")
    handlers = [(key, container.fields.section(key)) for key in _PROBES]
    handlers += [(f"lifecycle.{key}", lifecycle.section(key)) for key in _HOOKS]
    for path, handler in handlers:
        for action in _HANDLERS:
            host = handler.section(action).value("host")
            if host is not None and host != "":
                yield f"{container.where}: {path}.{action}.host {seen(host)}; remove it"


def _allowed_profile(value: object) -> bool:
    return isinstance(value, str) and (value in {"", "runtime/default"} or value.startswith("localhost/"))


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}
  containers:
  - name: app
    image: registry.example/app
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}]}
  containers:
  - name: app
    image: registry.example/app
"""

CONTROL = Control(
    id="WL-10",
    title=(
        "No isolation override: safe sysctls only, procMount Default, SELinux type from the list and no user "
        "or role, AppArmor not Unconfined, no HostProcess, no host in probes or lifecycle hooks"
    ),
    severity=Severity.HIGH,
    anchors=("PSS baseline (probe host since v1.34)", "PSS restricted"),
    why=(
        "Each of these fields takes one wall of the container down: kernel settings, /proc, "
        "SELinux, AppArmor, Windows' host."
    ),
    fix="Remove the field; the runtime's default is the wall.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
