from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from zero_trust.catalogue import CONTROLS
from zero_trust.reference import reference

ROOT = Path(__file__).parents[2]


def test_the_page_in_docs_is_what_the_controls_say() -> None:
    page = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    assert page == reference(), "run `python -m zero_trust.reference > docs/policies.md`"


def test_controls_have_ids_titles_and_sources_of_their_own() -> None:
    assert list(CONTROLS) == sorted(CONTROLS)
    assert len({control.title for control in CONTROLS.values()}) == len(CONTROLS)
    assert all(control.anchors for control in CONTROLS.values())


def _status(code: str) -> int:
    """How a fresh interpreter that knows nothing but the pack ends."""
    pack = str(ROOT / "policy-packs/zero-trust")
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env={"PYTHONPATH": pack}, check=False, timeout=60).returncode


def test_the_judgement_needs_neither_pulumi_nor_yaml() -> None:
    assert _status("import sys, zero_trust.judge; sys.exit(len({'pulumi', 'yaml'} & set(sys.modules)))") == 0


def test_making_the_policies_starts_no_server() -> None:
    assert _status("import zero_trust.sdk; zero_trust.sdk.Pack().policies()") == 0
