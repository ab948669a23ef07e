from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from controls.catalogue import CONTROLS

from cli.errors import CommandFailed
from cli.review_checkov import EQUIVALENT, Doubt, read, second_opinion
from tests.cli.planned import config_map


def failed(check: str, resource: str, severity: str | None = None) -> dict[str, Any]:
    return {"check_id": check, "check_name": "words", "resource": resource, "severity": severity}


def report(*found: dict[str, Any]) -> dict[str, Any]:
    summary = {"resource_count": 7, "checkov_version": "3"}
    return {"results": {"failed_checks": list(found)}, "summary": summary}


def test_what_answers_to_a_high_control_that_the_packs_do_not_report_is_a_doubt() -> None:
    opinion = read(report(failed("CKV_K8S_16", "Deployment.a.b")), known=[])
    assert opinion.doubts == (
        Doubt(check="CKV_K8S_16", place="Deployment a/b", title="words", control="WL-01"),
    )
    assert (opinion.version, opinion.resources, opinion.others) == ("3", 7, {})


def test_what_the_packs_report_or_exempt_on_the_same_object_is_no_news() -> None:
    one = report(failed("CKV_K8S_16", "Deployment.a.b"), failed("CKV_K8S_16", "Deployment.a.c"))
    assert [each.place for each in read(one, {("WL-01", "Deployment a/b")}).doubts] == ["Deployment a/c"]


def test_what_checkov_rates_itself_counts_as_it_says() -> None:
    found = read(
        report(failed("CKV_K8S_16", "Pod.a.b", "LOW"), failed("CKV_K8S_999", "Pod.a.b", "CRITICAL")), []
    )
    assert [one.check for one in found.doubts] == ["CKV_K8S_999"]
    assert found.others == {"CKV_K8S_16": 1}


def test_what_has_no_severity_and_no_control_is_counted() -> None:
    found = read(report(*[failed("CKV_K8S_15", f"Pod.a.{name}") for name in "bc"]), [])
    assert (found.doubts, found.others) == ((), {"CKV_K8S_15": 2})


def test_a_cluster_wide_object_has_no_namespace() -> None:
    assert read(report(failed("CKV_K8S_49", "ClusterRole.all")), []).doubts[0].place == "ClusterRole all"


def test_a_folder_without_any_resource_is_a_summary_alone() -> None:
    assert read({"passed": 0, "resource_count": 0, "checkov_version": "3"}, []).version == "3"


def test_every_equivalent_is_a_control() -> None:
    assert set(EQUIVALENT.values()) <= CONTROLS.keys()


def test_without_checkov_it_is_said_that_nobody_was_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no `checkov` on PATH" in second_opinion([], []).missing


def checkov(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    program = folder / "checkov"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_checkov_is_given_the_rendered_objects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checkov(tmp_path, monkeypatch, """printf '{"resource_count": %s}' $(find "$2" -name '*.yaml' | wc -l)""")
    assert second_opinion([config_map("a"), config_map("b")], []).resources == 2


def test_a_checkov_that_breaks_is_told_with_its_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkov(tmp_path, monkeypatch, "echo no licence >&2; exit 3")
    with pytest.raises(CommandFailed, match="ended with 3:\nno licence"):
        second_opinion([config_map("a")], [])
