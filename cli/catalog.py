"""`mlops catalog list | verify`: charts, images and definitions by version and digest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum

import httpx
import typer

from cli import catalog_sources
from cli.catalog_sources import NotThere, Pin
from cli.console import ConsoleProgress, Json, escaped, out, print_json, table
from cli.errors import FAILED

app = typer.Typer(
    name="catalog",
    help="Charts, images and definitions by version and digest.",
    no_args_is_help=True,
    add_completion=False,
)

_AT_ONCE = 8


class State(StrEnum):
    """What a repository has, beside what the catalogue says."""

    SAME = "as pinned"
    OTHER = "not what is pinned"
    UNPINNED = "there, and not pinned"
    ABSENT = "not there"
    SILENT = "no answer"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`found` is the digest of what is there, or why there is none."""

    kind: str
    name: str
    version: str
    state: State
    pinned: str | None
    found: str

    @property
    def bad(self) -> bool:
        """What is not pinned may be anything, and may be still to be built."""
        return self.pinned is not None and self.state is not State.SAME


@app.command(name="list")
def list_command(json: Json = False) -> None:
    """Show what the platform installs, from where, and by which digest."""
    pins = catalog_sources.pins()
    columns = ("kind", "name", "version", "origin", "digest")
    if json:
        print_json([{column: getattr(pin, column) for column in columns} for pin in pins])
        return
    shown = table("Catalogue", *columns)
    for pin in pins:
        shown.add_row(pin.kind, pin.name, pin.version, pin.origin, pin.digest or "not known")
    out.print(shown)


@app.command()
def verify(json: Json = False) -> None:
    """Ask every repository and registry for what it has now, and compare its digest."""
    with ConsoleProgress().step("asking the repositories") as step, catalog_sources.client() as http:

        def judged(pin: Pin) -> Verdict:
            step.update(f"{pin.kind} {pin.name} {pin.version}")
            return _verdict(pin, http)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            verdicts = list(pool.map(judged, catalog_sources.pins()))
    if json:
        print_json([asdict(one) for one in verdicts])
    else:
        _show(verdicts)
    if any(one.bad for one in verdicts):
        raise typer.Exit(FAILED)


def _verdict(pin: Pin, http: httpx.Client) -> Verdict:
    try:
        found = pin.ask(http)
        state = State.UNPINNED if pin.digest is None else State.SAME if found == pin.digest else State.OTHER
    except NotThere as error:
        state, found = State.ABSENT, str(error)
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        state, found = State.SILENT, f"{pin.origin}: {error or type(error).__name__}"
    return Verdict(
        kind=pin.kind, name=pin.name, version=pin.version, state=state, pinned=pin.digest, found=found
    )


def _show(verdicts: list[Verdict]) -> None:
    shown = table("Catalogue", "kind", "name", "version", "state", "found")
    for one in verdicts:
        colour = "red" if one.bad else "green" if one.state is State.SAME else "yellow"
        shown.add_row(one.kind, one.name, one.version, f"[{colour}]{one.state}[/]", escaped(one.found))
    out.print(shown)
    same = sum(one.state is State.SAME for one in verdicts)
    out.print(f"{len(verdicts)} names: {same} as pinned, {sum(one.bad for one in verdicts)} not")
