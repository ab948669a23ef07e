"""Forms of a web page, as a browser would send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_TOLD = ("kc-page-title", "kc-error-message", "input-error")
"""Ids (or their beginnings) of what Keycloak's pages say to the user."""

_NOT_SENT = ("submit", "button", "image", "reset", "file")


@dataclass(frozen=True, kw_only=True)
class Form:
    """Where a form goes and what is in its fields before anybody types."""

    action: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Page:
    """The forms of a page in their order, and what the page tells its reader."""

    forms: tuple[Form, ...]
    told: str


def read(html: str) -> Page:
    """The forms that are sent by POST and the told text of a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    said = (" ".join("".join(words).split()) for words in reader.told)
    forms = tuple(Form(action=action, fields=fields) for action, fields in reader.forms)
    return Page(forms=forms, told="; ".join(text for text in said if text))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.told: list[list[str]] = []
        self._fields: dict[str, str] | None = None
        self._telling: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._fields = {}
            self.forms.append((given.get("action", ""), self._fields))
        elif tag == "input" and self._fields is not None and _is_sent(given):
            self._fields[given["name"]] = given.get("value", "")
        elif self._telling is None and given.get("id", "").startswith(_TOLD):
            self._telling = tag
            self.told.append([])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        if tag == self._telling:
            self._telling = None

    def handle_data(self, data: str) -> None:
        if self._telling is not None:
            self.told[-1].append(data)


def _is_sent(given: Mapping[str, str]) -> bool:
    kind = given.get("type", "text").lower()
    if not given.get("name") or kind in _NOT_SENT:
        return False
    return kind not in {"checkbox", "radio"} or "checked" in given
