"""A review as one Markdown comment of bounded length. Pure.

Names and messages come from the change under review: they stand in code spans, where nothing is markup, a mention
or a link, and each is cut to a length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from cli.review_changes import Change, grouped
from cli.review_gpus import Pool, PoolChange
from cli.review_report import Finding, StackReview
from engine import urn as urns

MARKER: Final = "<!-- mlops review -->"
"""First line of a comment, by which the next review of the same change finds and replaces it."""

LONGEST: Final = 60_000
"""Characters of a comment; GitHub takes 65,536, GitLab a million."""

_TEXT: Final = 400
_PATHS: Final = 6
_SIGNS: Final[Mapping[str, str]] = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
_WORDS: Final[Mapping[str, str]] = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
}


def comment(reviews: Sequence[StackReview], base: str, longest: int = LONGEST) -> str:
    """The comment on all stacks against a base; it says what it had to leave out."""
    refused = [one.stack for one in reviews if one.refused]
    verdict = (
        f"**Refused** in {', '.join(map(code, refused))}." if refused else "Nothing mandatory is violated."
    )
    head = [
        MARKER,
        f"## Review of {', '.join(code(one.stack) for one in reviews)} against {code(base)}",
        "",
        verdict,
        "",
    ]
    share = (longest - _size(head)) // max(len(reviews), 1)
    return "\n".join([*head, *(line for one in reviews for line in _stack(one, share))]).rstrip() + "\n"


def code(text: object) -> str:
    """Foreign text as a code span on one line."""
    plain = "".join(char if char.isprintable() else " " for char in str(text)).replace("`", "'").strip()
    return f"`{plain if len(plain) <= _TEXT else plain[: _TEXT - 1] + '…'}`" if plain else "``"


def _stack(one: StackReview, share: int) -> list[str]:
    lines = [f"### {code(one.stack)}: {_summary(one)}", ""]
    if one.broken:
        text = _within(one.broken.replace("```", "'''").splitlines(), share // 2, "lines")
        return [*lines, "It cannot be planned:", "", "```text", *text, "```", ""]
    lines += [f"> {code(note)}" for note in one.notes[:5]] + [""] * bool(one.notes)
    lines += _section("Violations", map(_finding, one.findings), share // 4)
    lines += _pools(one.pools, share // 16)
    lines += _section("Exemptions", _exemptions(one), share // 8)
    lines += _section("Checkov", _checkov(one), share // 8)
    groups = grouped(one.changes)
    left = (share - _size(lines) - 200) // max(len(groups), 1)
    return lines + [line for cluster, inside in groups.items() for line in _cluster(cluster, inside, left)]


def _summary(one: StackReview) -> str:
    if one.broken:
        return "broken"
    counts = Counter(str(change.operation) for change in one.changes)
    said = [f"{counts[key]} {word}" for key, word in _WORDS.items() if counts[key]]
    levels = Counter("mandatory" if finding.mandatory else "advisory" for finding in one.findings)
    said = said or ["no resource changes"]
    return ", ".join(
        [*said, *(f"{count} {level} violations" for level, count in sorted(levels.items(), reverse=True))]
    )


def _finding(one: Finding) -> str:
    level = "**mandatory**" if one.mandatory else "advisory"
    where = "; ".join(f"{code(line)} {code(line.what)}" for line in one.causes)
    name = f" ({code(urns.name_of(one.urn))})" if one.urn.count("::") >= 3 else ""
    return f"- {level} {code(one.control)} {code(one.place)}{name}: {code(one.message)}" + (
        f" — {where}" if where else ""
    )


def _exemptions(one: StackReview) -> Iterator[str]:
    for word, entries in (("new", one.exemptions.added), ("removed", one.exemptions.removed)):
        for entry in entries:
            why = f"{code(entry.reason)} ({code(entry.owner)})"
            yield f"- **{word}**: {code(entry.control)} {code(entry.place)} until {entry.expiry}: {why}"
    for entry in one.exemptions.used:
        if entry not in one.exemptions.added:
            yield f"- {code(entry.control)} {code(entry.place)} until {entry.expiry} ({code(entry.owner)})"


def _checkov(one: StackReview) -> Iterator[str]:
    opinion = one.opinion
    if opinion.missing:
        yield f"Not asked: {opinion.missing}."
        return
    seen = f"{len(opinion.doubts)} high findings that the packs do not have"
    yield f"Checkov {opinion.version} judged {opinion.resources} resources: {seen}."
    for doubt in opinion.doubts:
        ours = f" ({code(doubt.control)} passes)" if doubt.control else ""
        yield f"- {code(doubt.check)} {code(doubt.place)}: {code(doubt.title)}{ours}"
    if opinion.others:
        yield "- of less weight: " + ", ".join(
            f"{code(check)} ×{count}" for check, count in opinion.others.items()
        )


def _pools(changed: Sequence[PoolChange], room: int) -> list[str]:
    if not changed:
        return []
    more = sum(one.after.gpus - one.before.gpus for one in changed)
    prices = [one.price for one in changed]
    known = sum((price for price in prices if price is not None), Decimal(0))
    cost = f"{known:+.2f} an hour" if None not in prices else "price unknown: a pool has no `pricePerGpuHour`"
    rows = [
        f"| {code(one.cluster)} | {code(one.name)} | {one.before.gpus} → {one.after.gpus} | {_offered(one.before)} → "
        f"{_offered(one.after)} | {'unknown' if one.price is None else f'{one.price:+.2f}'} |"
        for one in changed
    ]
    table = [
        "| cluster | pool | GPUs | offered | price an hour |",
        "|---|---|---|---|---|",
        *_within(rows, room, "pools"),
    ]
    return [f"**GPU pools**: {more:+d} GPUs, {cost}", "", *table, ""]


def _offered(pool: Pool) -> str:
    return ", ".join(f"{code(name)} {count}" for name, count in sorted(pool.offered.items())) or "nothing"


def _cluster(cluster: str, inside: Mapping[str, Sequence[Change]], room: int) -> list[str]:
    count = sum(map(len, inside.values()))
    body = [line for component, found in inside.items() for line in _component(component, found)]
    name = f"<code>{_html(cluster)}</code>" if cluster else "in no cluster"
    shown = _within(body, room - 120, "lines")
    return ["<details>", f"<summary>{name}: {count} changes</summary>", "", *shown, "", "</details>", ""]


def _component(urn: str, found: Sequence[Change]) -> Iterator[str]:
    """One line for what comes or goes as a whole, else a line for each resource."""
    title = f"{code(urns.type_of(urn).rsplit(':', 1)[-1])} {code(urns.name_of(urn))}"
    own = next((one for one in found if one.urn == urn and one.operation in {"create", "delete"}), None)
    if own is not None and all(one.operation == own.operation for one in found):
        kinds = Counter(one.kind for one in found if one is not own)
        inside = ", ".join(f"{code(kind)} ×{count}" for kind, count in kinds.items())
        yield f"- {code(_SIGNS[own.operation])} {title}" + (f": {inside}" if inside else "")
        return
    yield f"- {title}"
    for one in found:
        paths = ", ".join(map(code, one.paths[:_PATHS]))
        rest = f" and {len(one.paths) - _PATHS} more" if len(one.paths) > _PATHS else ""
        yield f"  - {code(_SIGNS[one.operation])} {code(one.kind)} {code(one.name)}" + (
            f": {paths}{rest}" if paths else ""
        )


def _section(title: str, lines: Iterable[str], room: int) -> list[str]:
    body = _within(list(lines), room, title.lower())
    return [f"**{title}**", "", *body, ""] if body else []


def _within(lines: Sequence[str], room: int, what: str) -> list[str]:
    """The lines that fit, and how many do not."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return [
                *kept,
                f"- **truncated**: {len(lines) - number} more {what}; `mlops review --json` shows all",
            ]
        kept.append(line)
    return kept


def _size(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _html(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-." else f"&#{ord(char)};" for char in text)
