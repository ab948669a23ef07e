from __future__ import annotations

from datetime import date

from controls.configuration import parse
from controls.item import Item
from controls.objects import items

from cli.policy_judgement import Mode, judge

DAY = date(2030, 1, 1)


def manifests(*names: str) -> list[tuple[str, Item]]:
    return [
        (f"{name}.yaml", item)
        for name in names
        for item in items({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    ]


def test_every_finding_names_the_file_of_its_object() -> None:
    report = judge(manifests("a", "b"), Mode.TOGETHER, {}, config="", today=DAY, only=["WL-13", "NW-01"])
    found = {(finding.file, finding.name, finding.control) for finding in report.findings}
    assert found == {(f"{n}.yaml", n, control) for n in ("a", "b") for control in ("WL-13", "NW-01")}
    assert report.refused


def test_a_pack_without_configuration_has_the_default() -> None:
    levels = parse({"enforcementLevels": {"WL-13": "disabled"}})
    only = ["WL-13", "GC-04"]
    report = judge(manifests("a"), Mode.EACH, {"zero-trust": levels}, config="", today=DAY, only=only)
    assert report.findings == ()


def test_a_configuration_counts_for_the_controls_of_its_pack_alone() -> None:
    labels = parse({"requiredLabels": ["owner"]})
    assert not judge(
        manifests("a"), Mode.EACH, {"zero-trust": labels}, config="", today=DAY, only=["GC-04"]
    ).findings
    assert judge(
        manifests("a"), Mode.EACH, {"capacity": labels}, config="", today=DAY, only=["GC-04"]
    ).findings
