"""The random provider, locally: values are drawn once and live in the state from then on."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from engine.diff import Path
from engine.errors import ProviderError
from engine.goal import Goal
from engine.providers.base import Action, Live, Provider, Settings
from engine.row import Row
from engine.values import Properties, Secret, plain

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_CHOOSE = secrets.SystemRandom()


class RandomProvider(Provider):
    """random:index/*. Every changed input draws a new value, as in the real provider."""

    package: ClassVar[str] = "random"

    def __init__(self, urn: str, inputs: Properties, settings: Settings) -> None:
        """It is configured by nothing."""
        del urn, inputs, settings

    @staticmethod
    def refusal(type_: str) -> str:
        return "" if type_ in _DRAW else f"not one of {', '.join(sorted(_DRAW))}"

    def check(self, goal: Goal, old: Row | None) -> Properties:
        del old
        return goal.inputs

    def replaces(self, type_: str, inputs: Properties, changed: Iterable[Path]) -> list[Path]:
        del type_, inputs
        return list(changed)

    def create(self, action: Action) -> Live:
        draw = _DRAW.get(action.type)
        if draw is None:
            raise ProviderError(f"{action.name} ({action.type}): {self.refusal(action.type)}")
        try:
            id_, drawn = draw(plain(action.inputs))
        except (KeyError, TypeError, ValueError) as error:
            raise ProviderError(
                f"{action.name} ({action.type}): its inputs cannot be used: {error}"
            ) from None
        return Live(id=id_, outputs={**action.inputs, **drawn})

    def delete(self, action: Action) -> None:
        del action


def _text(inputs: Properties) -> str:
    length = int(inputs["length"])
    classes = {
        "Lower": string.ascii_lowercase,
        "Upper": string.ascii_uppercase,
        "Numeric": string.digits,
        "Special": inputs.get("overrideSpecial") or _SPECIAL,
    }
    drawn: list[str] = []
    everything = ""
    for name, letters in classes.items():
        if inputs.get(name.lower(), inputs.get("number", True) if name == "Numeric" else True):
            everything += letters
        drawn += [_CHOOSE.choice(letters) for _ in range(int(inputs.get(f"min{name}", 0)))]
    if len(drawn) > length:
        raise ValueError(f"length {length} is shorter than its minimums ask for")
    if not everything:
        raise ValueError("every class of characters is switched off")
    drawn += [_CHOOSE.choice(everything) for _ in range(length - len(drawn))]
    _CHOOSE.shuffle(drawn)
    return "".join(drawn)


def _string(inputs: Properties) -> tuple[str, Properties]:
    text = _text(inputs)
    return text, {"result": text}


def _password(inputs: Properties) -> tuple[str, Properties]:
    return "none", {"result": Secret(_text(inputs))}


def _bytes(inputs: Properties) -> tuple[str, Properties]:
    data = secrets.token_bytes(int(inputs["byteLength"]))
    prefix = str(inputs.get("prefix") or "")
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    standard = base64.b64encode(data).decode()
    drawn = {
        "b64Url": prefix + url,
        "b64Std": prefix + standard,
        "hex": prefix + data.hex(),
        "dec": prefix + str(int.from_bytes(data, "big")),
    }
    return url, drawn


def _integer(inputs: Properties) -> tuple[str, Properties]:
    low, high = int(inputs["min"]), int(inputs["max"])
    if low > high:
        raise ValueError(f"min {low} is greater than max {high}")
    number = _CHOOSE.randint(low, high)
    return str(number), {"result": number}


def _uuid(inputs: Properties) -> tuple[str, Properties]:
    del inputs
    text = str(uuid.uuid4())
    return text, {"result": text}


def _secret_bytes(inputs: Properties) -> tuple[str, Properties]:
    data = secrets.token_bytes(int(inputs["length"]))
    return "none", {"base64": Secret(base64.b64encode(data).decode()), "hex": Secret(data.hex())}


_DRAW: dict[str, Callable[[Any], tuple[str, Properties]]] = {
    "random:index/randomString:RandomString": _string,
    "random:index/randomPassword:RandomPassword": _password,
    "random:index/randomId:RandomId": _bytes,
    "random:index/randomBytes:RandomBytes": _secret_bytes,
    "random:index/randomInteger:RandomInteger": _integer,
    "random:index/randomUuid:RandomUuid": _uuid,
}
