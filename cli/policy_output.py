"""The findings of `mlops policy` for people and for programs: text, JSON lines, JUnit XML and SARIF."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections import defaultdict
from typing import Any, Final
from xml.etree import ElementTree

from controls.catalogue import CONTROLS
from controls.control import Level, Severity
from controls.judge import EXEMPTION_RULES
from controls.manifests import shown
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.policy_judgement import Finding, Report

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Level.MANDATORY.value: "error", Level.ADVISORY.value: "warning"}
_SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""Severity as code scanning services read it: a score as of CVSS, critical from 9 and high from 7 on."""


class Format(enum.Enum):
    """How findings are printed."""

    HUMAN = "human"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


def rendered(report: Report, form: Format) -> str:
    """The report in a form for programs, with a newline at its end unless it is empty."""
    if form is Format.JSON:
        return "".join(json.dumps(dataclasses.asdict(finding)) + "\n" for finding in report.findings)
    return _junit(report) if form is Format.JUNIT else json.dumps(_sarif(report), indent=2) + "\n"


def show(report: Report, console: Console) -> None:
    """A table on a terminal; one plain line a finding when piped, so that nothing is cut to a width."""
    if not console.is_terminal:
        for item in report.findings:
            console.print(
                shown(f"{item.file}: {item.place}: {item.control} {item.level}: {item.message}"),
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
    elif report.findings:
        table = Table("control", "level", "object", "finding", "file")
        for item in report.findings:
            style = "red" if item.level == Level.MANDATORY.value else "yellow"
            rest = (Text(shown(cell)) for cell in (item.place, item.message, item.file))
            table.add_row(Text(item.control), Text(item.level, style), *rest)
        console.print(table)


def _junit(report: Report) -> str:
    """One suite a control, one failed case a finding; an advisory one is skipped with its words, and not failed.

    Without findings there is one case that passed, since several readers refuse a report without any.
    """
    by_control: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_control[finding.control].append(finding)
    refusals = sum(finding.level == Level.MANDATORY.value for finding in report.findings)
    root = ElementTree.Element(
        "testsuites", name="mlops policy", tests=str(len(report.findings) or 1), failures=str(refusals)
    )
    for control, findings in by_control.items():
        failed = sum(finding.level == Level.MANDATORY.value for finding in findings)
        suite = ElementTree.SubElement(
            root, "testsuite", name=f"{control} {_title(control)}", tests=str(len(findings)),
            failures=str(failed), errors="0", skipped=str(len(findings) - failed),
        )  # fmt: skip
        for finding in findings:
            case = ElementTree.SubElement(
                suite, "testcase", classname=control, name=shown(finding.place), file=shown(finding.file)
            )
            outcome = "failure" if finding.level == Level.MANDATORY.value else "skipped"
            ElementTree.SubElement(case, outcome, message=shown(finding.message))
    if not by_control:
        suite = ElementTree.SubElement(
            root, "testsuite", name="mlops policy", tests="1", failures="0", errors="0", skipped="0"
        )
        ElementTree.SubElement(suite, "testcase", classname="mlops policy", name=str(report))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _sarif(report: Report) -> dict[str, Any]:
    """SARIF 2.1.0 (OASIS): a rule for each control that was broken, a result for each finding."""
    broken = sorted({finding.control for finding in report.findings})
    return {
        "$schema": _SCHEMA,
        "version": _SCHEMA.partition("sarif-")[2].removesuffix(".json"),
        "runs": [
            {
                "tool": {"driver": {"name": "mlops policy", "rules": [_rule(control) for control in broken]}},
                "results": [_result(finding, broken.index(finding.control)) for finding in report.findings],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }


def _rule(id_: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": id_, "shortDescription": {"text": _title(id_)}}
    control = CONTROLS.get(id_)
    if control is None:
        return rule
    return rule | {
        "fullDescription": {"text": control.why},
        "help": {"text": control.fix},
        "properties": {"security-severity": _SCORES[control.severity], "tags": list(control.anchors)},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    return {
        "ruleId": finding.control,
        "ruleIndex": index,
        "level": _LEVELS[finding.level],
        "message": {"text": shown(f"{finding.place}: {finding.message}")},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": shown(finding.file)}},
                "logicalLocations": [{"fullyQualifiedName": shown(finding.place), "kind": "object"}],
            }
        ],
    }


def _title(control: str) -> str:
    return CONTROLS[control].title if control in CONTROLS else EXEMPTION_RULES[control]
