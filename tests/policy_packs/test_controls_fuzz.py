"""Nothing that a manifest, a proxy or a configuration can hold makes a control raise."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

import yaml
from controls.catalogue import CONTROLS, PACKS
from controls.configuration import parse
from controls.fields import Unproved
from controls.judge import defects
from controls.objects import items
from controls.sdk import policies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

EXAMPLES: Final[list[Any]] = [
    document for control in CONTROLS.values() for text in (control.bad, control.good)
    for document in [list(yaml.safe_load_all(text))]
]  # fmt: skip
"""The documents of each example: together they hold every field that any control reads in earnest."""


def _paths(value: object, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a document."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*above, key)
        yield from _paths(value[key], (*above, key))  # type: ignore[index]


PARTS: Final = [(index, path) for index, example in enumerate(EXAMPLES) for path in _paths(example)]
KEYS: Final = sorted({key for _, path in PARTS for key in path if isinstance(key, str)})
KINDS: Final = sorted({kind for control in CONTROLS.values() for kind in control.kinds})
LEAVES: Final = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        0.0,
        1e400,
        float("nan"),
        "",
        "*",
        "ALL",
        "0.0.0.0/0",
        "a/b",
        "\x00",
        "x" * 99,
        UNKNOWN_STRING_VALUE,
        "https://x",
        "100%",
        "1/2",
        "{",
        "arn:aws:iam::1:role/a",
    ]
)
ANYTHING: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
FAST: Final = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
OPTIONS: Final = PolicyResourceOptions(False, [], False, [], PolicyCustomTimeouts(0, 0, 0), [])


def _ignore(message: str, urn: str | None = None) -> None:
    """A report that nobody reads."""


def _broken(part: tuple[int, tuple[Any, ...]], junk: object) -> Any:
    """A copy of an example with one part replaced."""
    document = copy.deepcopy(EXAMPLES[part[0]])
    here: Any = document
    for key in part[1][:-1]:
        here = here[key]
    here[part[1][-1]] = junk
    return document


def _judged(document: object) -> None:
    assert all(isinstance(message, str) for _, _, message in defects(items(document)))


@settings(FAST, max_examples=4000)
@given(kind=st.sampled_from(KINDS), spec=ANYTHING, more=ANYTHING)
def test_any_plain_data_is_judged_without_raising(kind: str, spec: object, more: object) -> None:
    name, _, group = kind.partition(".")
    if ":" in kind:
        _judged({"type": kind, "name": "a", "properties": spec, "options": more})
        return
    rest = more if isinstance(more, dict) else {"metadata": more}
    _judged({**rest, "spec": spec, "kind": name, "apiVersion": f"{group}/v1" if group else "v1"})


@settings(FAST, max_examples=4000)
@given(part=st.sampled_from(PARTS), junk=ANYTHING | st.sampled_from(Unproved))
def test_an_example_with_any_part_replaced_is_judged_without_raising(
    part: tuple[int, tuple[Any, ...]], junk: object
) -> None:
    _judged(_broken(part, junk))


def _resource(document: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(document, dict):
        return "x:y:Z", {}
    if "type" in document and "kind" not in document:
        inputs = document.get("properties")
        return str(document["type"]), inputs if isinstance(inputs, dict) else {}
    group, _, version = str(document.get("apiVersion")).rpartition("/")
    return f"kubernetes:{group or 'core'}/{version}:{document.get('kind')}", {
        str(k): v for k, v in document.items()
    }


@settings(FAST, max_examples=2000)
@given(part=st.sampled_from(PARTS), junk=ANYTHING)
def test_an_example_behind_the_sdks_proxies_is_judged_without_raising(
    part: tuple[int, tuple[Any, ...]], junk: object
) -> None:
    resources = []
    found = ALL_POLICIES
    for document in _broken(part, junk):
        token, inputs = _resource(document)
        props = unknown_checking_proxy(inputs)
        for policy in found:
            if isinstance(policy, ResourceValidationPolicy):
                policy.validate(ResourceValidationArgs(token, props, "urn", "p", OPTIONS, None, {}), _ignore)
        resources.append(PolicyResource(token, props, "urn", "p", OPTIONS, None, None, [], {}))
    for policy in found:
        if isinstance(policy, StackValidationPolicy):
            policy.validate(StackValidationArgs(resources, {}), _ignore)


ALL_POLICIES: Final = policies("platform", PACKS)


@settings(FAST, max_examples=1000)
@given(
    raw=ANYTHING
    | st.dictionaries(
        st.sampled_from(["exemptions", "enforcementLevels", "allowedRegistries", "maxCanaryPercent", "x"]),
        ANYTHING,
    )
    | st.fixed_dictionaries(
        {"exemptions": st.lists(st.dictionaries(st.sampled_from(["control", "kind", "expiry"]), ANYTHING))}
    )
)
def test_any_configuration_is_read_without_raising(raw: object) -> None:
    assert parse(raw).exemptions == ()
