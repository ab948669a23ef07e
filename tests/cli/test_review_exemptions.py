from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from controls.exemptions import Exemption

from cli.review_exemptions import compared, configured, line_of
from cli.target import pack_configuration

ROOT = Path(__file__).resolve().parents[2]
OLD = Exemption(
    control="SC-04", kind="Namespace", namespace="", name="a", owner="o", reason="r", expiry=date(2999, 1, 1)
)
NEW = replace(OLD, name="b")


def test_exemptions_are_used_added_and_removed() -> None:
    found = compared([OLD], [NEW], [])
    assert (found.used, found.added, found.removed) == ((NEW,), (NEW,), (OLD,))


def test_what_the_packs_call_unused_is_not_used() -> None:
    said = ("EX-02", f"{OLD.place}: the exemption from SC-04 exempts nothing; o must remove it")
    assert compared([], [OLD, NEW], [said]).used == (NEW,)
    assert compared([], [OLD, NEW], [("WL-01", said[1])]).used == (OLD, NEW)


def test_every_exemption_of_every_pack_of_a_stack_is_read() -> None:
    content = json.loads(pack_configuration(ROOT, "dev").read_text())
    listed = [entry["name"] for pack in content.values() for entry in pack.get("exemptions", ())]
    assert [one.name for one in configured(ROOT, "dev")] == listed != []


def test_a_stack_without_a_configuration_or_with_one_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    assert configured(tmp_path, "dev") == []
    pack_configuration(tmp_path, "dev").parent.mkdir(parents=True)
    pack_configuration(tmp_path, "dev").write_text("{")
    assert configured(tmp_path, "dev") == []


def test_an_exemption_is_found_on_its_line() -> None:
    entries = [{"kind": "Role", "namespace": inside, "name": "b"} for inside in ("one", "two")]
    text = json.dumps({"x": [*entries, {"kind": "Node", "name": "b"}]}, indent=1)
    assert [line_of(text, place) for place in ("Role one/b", "Role two/b", "Node b")] == [3, 8, 13]
    assert line_of(text, "Role b") is None
