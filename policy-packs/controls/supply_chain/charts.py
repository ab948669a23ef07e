"""SC-05. Source: Pulumi, "Choosing the right Helm resource": a Release is one resource, opaque to policies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, urlsplit

from controls.control import Control, Severity
from controls.fields import quoted, seen, text
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack

_CHART: Final = "Chart.helm.sh"
_RELEASE: Final = "Release.helm.sh"
_FILES: Final = MappingProxyType(
    {
        "ConfigFile": "file",
        "ConfigFile.yaml": "file",
        "ConfigGroup": "files",
        "ConfigGroup.yaml": "files",
        "Directory": "directory",
        "Directory.kustomize": "directory",
    }
)
"""Resources that read manifests, with the input that says from where."""

_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?", re.ASCII)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)
_REMOTE: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|git@|github\.com/|gitlab\.com/|bitbucket\.org/)", re.ASCII
)


def check(item: Item, settings: Settings) -> Iterator[str]:
    allowed = tuple(f"{one.rstrip('/')}/" for one in settings.chart_repositories)
    if item.type in _FILES:
        given = item.fields.value(_FILES[item.type])
        for source in given if isinstance(given, list) else [given]:
            yield from _manifests(source, allowed)
        return
    yield from _chart(item, allowed)
    if item.type == _RELEASE and item.name not in settings.helm_releases:
        yield "is a Helm Release, which policies cannot look into; use a Chart, or list it in helmReleases"


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    for release in stack.of(_RELEASE):
        namespace = text(release.fields.value("namespace")) or "default"
        if stack.find("Namespace", namespace, (release.cluster, "")) is None:
            yield (
                release,
                f"goes to namespace {quoted(namespace)}, which the stack does not declare; declare it, so that "
                "NW-01 and WL-13 judge it",
            )


def _chart(item: Item, allowed: tuple[str, ...]) -> Iterator[str]:
    chart, version = item.fields.value("chart"), item.fields.value("version")
    repository = item.fields.section("repositoryOpts").value("repo")
    if not isinstance(chart, str):
        yield f"chart {seen(chart)}; write it out"
        return
    source = chart if _REMOTE.match(chart) else repository
    if source is None and chart.startswith((".", "/")):
        return
    if not (isinstance(version, str) and _VERSION.fullmatch(version)) and "@sha256:" not in chart:
        yield f"version {seen(version)}; name one exact version"
    if not isinstance(source, str):
        yield f"repositoryOpts.repo {seen(source)}; name the repository"
    elif not f"{source.rstrip('/')}/".startswith(allowed):
        yield "the chart's repository is not one of chartRepositories; mirror the chart to one that is"


def _manifests(source: object, allowed: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(source, str):
        yield f"its source {seen(source)}; write it out"
    elif _REMOTE.match(source):
        if not _pinned(source):
            yield "a remote manifest has no exact version in its address; name a release or a commit"
        if not source.startswith(allowed):
            yield "a remote manifest is not from one of chartRepositories; keep a copy, or list where it is from"


def _pinned(address: str) -> bool:
    """Whether the address itself names one release or one commit."""
    try:
        parts = urlsplit(address)
        named = [*parse_qs(parts.query).get("ref", []), *parts.path.split("/")]
    except ValueError:
        return False
    return any(_VERSION.fullmatch(one) or _COMMIT.fullmatch(one) for one in named)


_REST = """\
apiVersion: helm.sh/v4
kind: Chart
namespace: cert-manager
"""
_DIGEST = "0123456789abcdef" * 4

BAD = f"""\
{_REST}chart: oci://charts.example/cert-manager
version: ">=1.20"
"""

GOOD = f"""\
{_REST}chart: "oci://charts.example/cert-manager@sha256:{_DIGEST}"
"""

CONTROL = Control(
    id="SC-05",
    title=(
        "Helm charts and remote manifests have an exact version and an allowed repository; a Helm Release (opaque to "
        "policies) only where listed, with its namespace under NW-01 and WL-13"
    ),
    severity=Severity.HIGH,
    anchors=("Pulumi Chart vs Release docs",),
    why="A chart without an exact version is whatever its repository serves today, with every right it asks for.",
    fix="Name version and repository, list the repository in `chartRepositories`, and prefer Chart to Release.",
    bad=BAD,
    good=GOOD,
    kinds=(_CHART, _RELEASE, *_FILES),
    check=check,
    check_stack=check_stack,
    given=MappingProxyType({"chartRepositories": ["oci://charts.example/"]}),
)
