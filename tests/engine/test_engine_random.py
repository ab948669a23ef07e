"""The random provider: drawn once, kept, drawn again for other inputs."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from engine.errors import ProviderError
from engine.providers.base import Action, Settings
from engine.providers.random import RandomProvider
from engine.values import Properties, Secret
from tests.engine.engine_stack import Stack, changed


def _draw(kind: str, **inputs: object) -> Properties:
    type_ = f"random:index/{kind[0].lower()}{kind[1:]}:{kind}"
    provider = RandomProvider("u", {}, Settings(root=Path()))
    return provider.create(Action(urn="u", name="r", type=type_, inputs=dict(inputs))).outputs


def test_each_kind_gives_what_its_name_says() -> None:
    assert re.fullmatch(r"[0-9a-f-]{36}", _draw("RandomUuid")["result"])
    assert 3 <= _draw("RandomInteger", min=3, max=5)["result"] <= 5
    drawn = _draw("RandomId", byteLength=4, prefix="p-")
    assert re.fullmatch(r"p-[0-9a-f]{8}", drawn["hex"])
    assert drawn["dec"] == f"p-{int(drawn['hex'][2:], 16)}"
    assert isinstance(_draw("RandomPassword", length=9)["result"], Secret)
    assert isinstance(_draw("RandomBytes", length=9)["hex"], Secret)


@pytest.mark.parametrize("_try", range(20))
def test_a_string_keeps_to_its_classes_and_minimums(_try: int) -> None:
    drawn = _draw("RandomString", length=10, special=False, upper=False, minNumeric=3, minLower=2)["result"]
    assert len(drawn) == 10
    assert set(drawn) <= set(string.ascii_lowercase + string.digits)
    assert sum(letter.isdigit() for letter in drawn) >= 3
    special = _draw("RandomString", length=5, lower=False, upper=False, numeric=False, overrideSpecial="_-")
    assert set(special["result"]) <= set("_-")


@pytest.mark.parametrize(
    ("kind", "inputs", "message"),
    [
        ("RandomString", {"length": 1, "minNumeric": 2}, "length 1 is shorter than its minimums"),
        (
            "RandomString",
            {"length": 1, "lower": False, "upper": False, "numeric": False, "special": False},
            "off",
        ),
        ("RandomInteger", {"min": 3, "max": 1}, "min 3 is greater than max 1"),
        ("RandomId", {}, "byteLength"),
        ("RandomPet", {}, "not one of random:index/randomBytes"),
    ],
)
def test_inputs_that_cannot_be_used_are_told(kind: str, inputs: dict[str, object], message: str) -> None:
    with pytest.raises(ProviderError, match=message):
        _draw(kind, **inputs)


def test_a_value_stays_until_its_inputs_change(stack: Stack) -> None:
    text = """
        drawn = random.RandomPassword("drawn", length={length}, opts=Opts(provider=random.Provider("random")))
        pulumi.export("drawn", drawn.result)
    """
    stack.program(text.format(length=12)).up()
    first = stack.rows()["drawn"].outputs["result"].value
    assert changed(stack.up()) == {}
    assert stack.rows()["drawn"].outputs["result"].value == first
    assert changed(stack.program(text.format(length=13)).up()) == {"replace": 1}
    second = stack.rows()["drawn"].outputs["result"].value
    assert len(second) == 13
    assert second != first
    assert changed(stack.destroy()) == {"delete": 3}
