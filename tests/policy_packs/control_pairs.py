"""Pairs of good and bad documents for one control, and what the control says of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml
from controls.configuration import Configuration, parse
from controls.fields import Unproved
from controls.judge import Judge
from controls.objects import items
from controls.stack import Stack


class _Loader(yaml.SafeLoader):
    """YAML in which `!unknown` is a value that a preview does not know."""


_Loader.add_constructor("!unknown", lambda *_: Unproved.UNKNOWN)


def documents(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=_Loader))


def found(control: str, text: str, **given: object) -> list[str]:
    """Every message of a control on the documents as one stack, with these configuration keys."""
    configuration = parse(given)
    assert configuration.problems == ()
    return judged(control, documents(text), configuration)


def judged(control: str, document: object, configuration: Configuration) -> list[str]:
    judge = Judge(configuration, date.min)
    stack = Stack(items(document))
    verdicts = (*map(judge.item, stack.items), judge.stack(stack))
    return [one.message for verdict in verdicts for one in verdict.findings if one.control == control]


def pod(spec: str, *, kind: str = "Pod", metadata: str = "{name: app, namespace: team}") -> str:
    """A bare pod from the YAML of its spec in flow style."""
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"


def container(fields: str) -> str:
    """A bare pod with one container of these fields, in flow style without braces."""
    return pod(f"{{containers: [{{name: app, {fields}}}]}}")


def resource(type_: str, properties: str, *, name: str = "it", options: str = "{}") -> str:
    """A resource of another provider from the YAML of its properties in flow style."""
    return f"type: {type_}\nname: {name}\nproperties: {properties}\noptions: {options}\n"
