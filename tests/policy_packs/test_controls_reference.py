from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

from controls.catalogue import CONTROLS, PACKS
from controls.reference import reference

ROOT = Path(__file__).parents[2]


def test_the_page_in_docs_is_what_the_controls_say() -> None:
    page = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    assert page == reference(), "run `python -m controls.reference > docs/policies.md`"


def test_controls_have_ids_titles_and_sources_of_their_own() -> None:
    for controls in PACKS.values():
        ids = [control.id for control in controls]
        assert all(one < other for one, other in itertools.pairwise(ids) if one[:2] == other[:2])
    assert len(CONTROLS) == sum(map(len, PACKS.values())) == 70
    assert len({control.title for control in CONTROLS.values()}) == len(CONTROLS)
    assert all(control.anchors for control in CONTROLS.values())


def _status(code: str) -> int:
    """How a fresh interpreter that knows nothing but the pack ends."""
    packs = str(ROOT / "policy-packs")
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env={"PYTHONPATH": packs}, check=False, timeout=60).returncode


def test_the_judgement_needs_neither_pulumi_nor_yaml() -> None:
    assert _status("import sys, controls.judge; sys.exit(len({'pulumi', 'yaml'} & set(sys.modules)))") == 0


def test_making_the_policies_starts_no_server() -> None:
    assert _status("""import controls.sdk; controls.sdk.policies("x", ["zero-trust", "aws"])""") == 0


def test_what_a_pack_installs_is_what_the_project_has() -> None:
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = (ROOT / "policy-packs/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert len(wanted) == 2
    assert set(wanted) <= set(pinned)
