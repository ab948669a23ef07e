"""`mlops policy`: judges plain manifests with the policy packs, as a deployment would."""

from __future__ import annotations

import dataclasses
import enum
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

# A pack is a program of its own and no package of this project; its folder keeps the hyphen that Pulumi's
# convention gives it. This is the one place that puts it on the path, beside this checkout's `cli`.
_PACK: Final = str(Path(__file__).resolve().parent.parent / "policy-packs" / "zero-trust")
if _PACK not in sys.path:
    sys.path.append(_PACK)

from zero_trust import judge as pack  # noqa: E402
from zero_trust.control import Level  # noqa: E402
from zero_trust.exemptions import Exemption  # noqa: E402
from zero_trust.manifests import InputError, read_objects, read_settings, shown  # noqa: E402
from zero_trust.objects import Object  # noqa: E402
from zero_trust.settings import Settings  # noqa: E402


class Mode(enum.Enum):
    """Whether the objects are strangers to each other or one stack."""

    EACH = "each"
    TOGETHER = "together"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One defect, with the keys of a `--json` line; `file` is the configuration for a defect of that."""

    file: str
    kind: str
    namespace: str
    name: str
    control: str
    level: str
    message: str

    @property
    def place(self) -> str:
        return f"{self.kind} {'/'.join(part for part in (self.namespace, self.name) if part)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a run found. `exempted` counts the findings that an exemption took away."""

    findings: tuple[Finding, ...]
    objects: int
    exemptions: int
    exempted: int

    @property
    def refused(self) -> bool:
        """Whether a deployment of these objects would be stopped."""
        return any(finding.level == Level.MANDATORY.value for finding in self.findings)

    def __str__(self) -> str:
        return (
            f"{self.objects} objects judged, {len(self.findings)} findings; "
            f"{self.exemptions} exemptions configured, {self.exempted} findings exempted"
        )


def judge(
    manifests: Iterable[tuple[str, Object]], mode: Mode, settings: Settings, *, config: str, today: date
) -> Report:
    """Judge objects, each given with the file it came from.

    Only TOGETHER tells an exemption that exempts nothing, since alone an object says nothing of the others.
    """
    findings = [_located(config, finding) for finding in pack.configuration_findings(settings, today)]
    used: list[Exemption] = []
    count = 0
    for count, (file, item) in enumerate(manifests, start=1):  # noqa: B007
        verdict = pack.judge(item, settings, today)
        findings += [_located(file, finding) for finding in verdict.findings]
        used += verdict.exempted
    if mode is Mode.TOGETHER:
        findings += [_located(config, finding) for finding in pack.unmatched_findings(settings, used, today)]
    return Report(
        findings=tuple(findings), objects=count, exemptions=len(settings.exemptions), exempted=len(used)
    )


def judge_paths(paths: Iterable[str], mode: Mode, config: str | None = None) -> Report:
    """Judge the objects in files, folders and `-` (standard input) as of today, UTC.

    Raises InputError when a file or the configuration cannot be read.
    """
    settings = read_settings(config) if config else Settings()
    manifests = read_objects(paths, sys.stdin.buffer)
    return judge(manifests, mode, settings, config=config or "", today=datetime.now(UTC).date())


def policy(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    together: Annotated[
        bool, typer.Option("--together/--each", help="Judge all objects as one stack, or every one alone.")
    ] = False,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Levels and exemptions (docs/policies.md).")
    ] = None,
) -> None:
    """Judge plain Kubernetes manifests with the policy packs.

    Exits with 1 when a mandatory control is violated, and with 2 when a file cannot be read.
    """
    try:
        report = judge_paths(paths, Mode.TOGETHER if together else Mode.EACH, config)
    except InputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if as_json:
        for finding in report.findings:
            typer.echo(json.dumps(dataclasses.asdict(finding)))
    else:
        _show(report, Console())
    typer.echo(str(report), err=True)
    raise typer.Exit(1 if report.refused else 0)


def _located(file: str, finding: pack.Finding) -> Finding:
    return Finding(
        file=file,
        kind=finding.place.kind,
        namespace=finding.place.namespace,
        name=finding.place.name,
        control=finding.control,
        level=finding.level.value,
        message=finding.message,
    )


def _show(report: Report, console: Console) -> None:
    """A table on a terminal; one plain line a finding when piped, so that nothing is cut to a width."""
    if not console.is_terminal:
        for item in report.findings:
            typer.echo(shown(f"{item.file}: {item.place}: {item.control} {item.level}: {item.message}"))
    elif report.findings:
        table = Table("control", "level", "object", "finding", "file")
        for item in report.findings:
            style = "red" if item.level == Level.MANDATORY.value else "yellow"
            rest = (Text(shown(cell)) for cell in (item.place, item.message, item.file))
            table.add_row(Text(item.control), Text(item.level, style), *rest)
        console.print(table)
