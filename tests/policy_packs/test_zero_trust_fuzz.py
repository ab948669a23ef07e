"""Nothing that a manifest, a proxy or a configuration can hold makes the pack raise."""

from __future__ import annotations

import copy
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy
from zero_trust.fields import Unproved
from zero_trust.judge import defects
from zero_trust.objects import objects
from zero_trust.pods import POD_PATHS
from zero_trust.sdk import Pack
from zero_trust.settings import parse

KEYS: Final = (
    *(
        "spec",
        "template",
        "jobTemplate",
        "metadata",
        "annotations",
        "containers",
        "initContainers",
        "volumes",
    ),
    *("ephemeralContainers", "securityContext", "capabilities", "drop", "add", "sysctls", "name", "type"),
    *("seccompProfile", "seLinuxOptions", "appArmorProfile", "windowsOptions", "hostProcess", "resources"),
    *("requests", "limits", "cpu", "memory", "ports", "hostPort", "hostPath", "livenessProbe", "lifecycle"),
    *("preStop", "httpGet", "host", "os", "hostUsers", "hostNetwork", "runAsUser", "privileged", "items"),
)
LEAVES: Final = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        0.0,
        float("nan"),
        "",
        "ALL",
        "Default",
        UNKNOWN_STRING_VALUE,
        "\x00",
        "x" * 99,
    ]
)
ANYTHING: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
KINDS: Final = st.sampled_from([*POD_PATHS, "PodList", "List", "ConfigMap", ""])
STEPS: Final = st.lists(st.integers(0, 40), max_size=7)
FAST: Final = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


OPTIONS: Final = PolicyResourceOptions(False, [], False, [], PolicyCustomTimeouts(0, 0, 0), [])


def _ignore(message: str, urn: str | None = None) -> None:
    """A report that nobody reads."""


def _pod_with(base: dict[str, Any], steps: list[int], junk: object) -> dict[str, Any]:
    """A copy with whatever lies at the end of the steps replaced."""
    manifest = copy.deepcopy(base)
    here: Any = manifest
    for step in steps:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = keys[step % len(keys)]
        if step == steps[-1] or not isinstance(here[key], dict | list) or not here[key]:
            here[key] = junk
            break
        here = here[key]
    return manifest


@settings(FAST, max_examples=4000)
@given(kind=KINDS, manifest=ANYTHING)
def test_any_plain_data_is_judged_without_raising(kind: str, manifest: object) -> None:
    document = {**manifest, "kind": kind} if isinstance(manifest, dict) else manifest
    for item in objects(document):
        assert all(isinstance(message, str) for _, message in defects(item))


def test_a_pod_with_any_part_replaced_is_judged_without_raising(compliant: dict[str, Any]) -> None:
    @settings(FAST, max_examples=3000)
    @given(steps=STEPS, junk=ANYTHING | st.sampled_from(Unproved))
    def judged(steps: list[int], junk: object) -> None:
        for item in objects({**_pod_with(compliant, steps, junk), "kind": "Pod", "apiVersion": "v1"}):
            assert all(isinstance(message, str) for _, message in defects(item))

    judged()


def test_a_pod_behind_the_sdks_proxies_is_judged_without_raising(compliant: dict[str, Any]) -> None:
    policies = [item for item in Pack().policies() if isinstance(item, ResourceValidationPolicy)]

    @settings(FAST, max_examples=2000)
    @given(steps=STEPS, junk=ANYTHING)
    def analysed(steps: list[int], junk: object) -> None:
        props = unknown_checking_proxy(_pod_with(compliant, steps, junk))
        args = ResourceValidationArgs("kubernetes:core/v1:Pod", props, "urn", "p", OPTIONS, None, {})
        for policy in policies:
            policy.validate(args, _ignore)

    analysed()


@settings(FAST, max_examples=1000)
@given(
    raw=ANYTHING
    | st.dictionaries(st.sampled_from(["exemptions", "enforcementLevels", "x"]), ANYTHING)
    | st.fixed_dictionaries(
        {"exemptions": st.lists(st.dictionaries(st.sampled_from(["control", "kind", "expiry"]), ANYTHING))}
    )
)
def test_any_configuration_is_read_without_raising(raw: object) -> None:
    assert parse(raw).exemptions == ()
