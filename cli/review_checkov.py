"""Checkov as a second opinion on the rendered objects: what it holds against them and the packs do not."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from controls.catalogue import CONTROLS
from controls.control import Severity
from controls.exemptions import Place

from cli import render as rendering
from cli.errors import CommandFailed
from engine.plan import PlannedResource

PROGRAM: Final = "checkov"
ARGUMENTS: Final = (
    "--framework",
    "kubernetes",
    "--output",
    "json",
    "--compact",
    "--quiet",
    "--soft-fail",
    "--skip-download",
)
"""Nothing is fetched, and no key is used: without one Checkov gives no severity."""

EQUIVALENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("CKV_K8S_16", "CKV_K8S_2"), "WL-01"),
        **dict.fromkeys(("CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CKV_K8S_26"), "WL-02"),
        "CKV_K8S_27": "WL-03",
        "CKV_K8S_20": "WL-04",
        **dict.fromkeys(("CKV_K8S_25", "CKV_K8S_28", "CKV_K8S_37", "CKV_K8S_39"), "WL-05"),
        "CKV_K8S_23": "WL-06",
        "CKV_K8S_31": "WL-07",
        "CKV_K8S_22": "WL-09",
        **dict.fromkeys(("CKV_K8S_10", "CKV_K8S_12", "CKV_K8S_13"), "WL-11"),
        "CKV_K8S_21": "WL-12",
        "CKV2_K8S_6": "NW-02",
        "CKV_K8S_49": "ID-01",
        **dict.fromkeys(("CKV_K8S_155", "CKV_K8S_156", "CKV_K8S_157", "CKV_K8S_158"), "ID-03"),
        **dict.fromkeys(("CKV_K8S_41", "CKV_K8S_42"), "ID-06"),
        "CKV_K8S_38": "ID-07",
        "CKV_K8S_35": "SE-02",
        "CKV_K8S_14": "SC-02",
        "CKV_K8S_43": "SC-03",
    }
)
"""Checkov's check to the control that asks for the same (`checkov --list --framework kubernetes`)."""

_HIGH: Final = frozenset({"HIGH", "CRITICAL"})


@dataclass(frozen=True, kw_only=True, order=True)
class Doubt:
    """A high finding of Checkov that no pack has; `control` is the one that should have it, "" if there is none."""

    check: str
    place: str
    title: str
    control: str = ""


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What Checkov said of how many resources; `missing` says why nothing was asked.

    `others` counts what is not high, by check: without Checkov's own severities that is whatever answers to no
    control of high or critical severity.
    """

    missing: str = ""
    version: str = ""
    resources: int = 0
    doubts: tuple[Doubt, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)


def second_opinion(resources: Collection[PlannedResource], known: Collection[tuple[str, str]]) -> Opinion:
    """Ask the `checkov` on PATH, if there is one. `known` are controls and places that packs report or exempt.

    Raises CommandFailed when it ends otherwise than with a report.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        return Opinion(missing=f"there is no `{PROGRAM}` on PATH")
    with tempfile.TemporaryDirectory(prefix="checkov-") as scratch:
        folder = Path(scratch, "objects")
        rendering.write(rendering.kubernetes_objects(resources), folder)
        done = subprocess.run(
            [program, "--directory", str(folder), *ARGUMENTS],
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise CommandFailed(f"{PROGRAM} ended with {done.returncode}:\n{done.stderr[-2000:]}") from None
    return read(report, known)


def read(report: Mapping[str, Any], known: Collection[tuple[str, str]]) -> Opinion:
    """The opinion in Checkov's JSON report of one framework; without any resource it is its summary alone."""
    summary = report.get("summary", report)
    doubts: set[Doubt] = set()
    others: Counter[str] = Counter()
    for failed in report.get("results", {}).get("failed_checks", ()):
        check = str(failed["check_id"])
        control = EQUIVALENT.get(check, "")
        place = _place(str(failed["resource"]))
        if (control, place) in known:
            continue
        if _is_high(failed.get("severity"), control):
            doubts.add(Doubt(check=check, place=place, title=str(failed["check_name"]), control=control))
        else:
            others[check] += 1
    return Opinion(
        version=str(summary.get("checkov_version", "")),
        resources=int(summary.get("resource_count", 0)),
        doubts=tuple(sorted(doubts)),
        others=dict(sorted(others.items())),
    )


def _is_high(severity: str | None, control: str) -> bool:
    if severity is not None:
        return severity.upper() in _HIGH
    return control in CONTROLS and CONTROLS[control].severity in {Severity.CRITICAL, Severity.HIGH}


def _place(resource: str) -> str:
    """`Deployment ns/name` of `Deployment.ns.name`; Checkov writes `default` where an object states no namespace."""
    kind, _, rest = resource.partition(".")
    namespace, _, name = rest.partition(".")
    return str(Place(kind=kind, namespace=namespace if name else "", name=name or namespace))
