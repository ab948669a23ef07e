from __future__ import annotations

from pathlib import Path

import pytest

from cli.review_settings import StackSettings, changed_keys, stack_settings

TEXT = """\
config:
  mlops-platform:settings:
    clusters:
      - name: east
        region: one
      - name: west
        region: two
"""
WEST = """\
      - name: west
        region: two
"""


def settings(folder: Path, name: str, text: str) -> StackSettings:
    (folder / name).mkdir()
    (folder / name / "Pulumi.dev.yaml").write_text(text)
    return stack_settings(folder / name, "dev")


def test_a_changed_key_is_named_by_its_clusters_name_and_found_on_its_line(tmp_path: Path) -> None:
    before, after = (
        settings(tmp_path, name, text)
        for name, text in (("a", TEXT), ("b", TEXT.replace("region: two", "region: three")))
    )
    assert changed_keys(before, after) == [("clusters", "west", "region")]
    assert after.place(("clusters", "west", "region")) == ("Pulumi.dev.yaml", "clusters[1].region", 7)
    assert after.value(("clusters", "west", "region")) == "three"


def test_a_cluster_that_comes_first_changes_no_other(tmp_path: Path) -> None:
    before, after = settings(tmp_path, "a", TEXT.replace(WEST, "")), settings(tmp_path, "b", TEXT)
    assert changed_keys(before, after) == [("clusters", "west")]


def test_a_key_that_is_gone_has_the_line_of_what_held_it(tmp_path: Path) -> None:
    after = settings(tmp_path, "a", TEXT.replace("        region: two\n", ""))
    assert after.place(("clusters", "west", "region")) == ("Pulumi.dev.yaml", "clusters[1]", 6)
    assert after.value(("clusters", "west", "region")) is None


@pytest.mark.parametrize("text", ["", "config: {}", "a: [", "config: {mlops-platform:settings: 1}"])
def test_a_file_without_settings_has_empty_ones(tmp_path: Path, text: str) -> None:
    assert settings(tmp_path, "a", text).data == {}


def test_a_stack_that_is_not_there_has_empty_settings(tmp_path: Path) -> None:
    assert stack_settings(tmp_path, "dev") == StackSettings()
