from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.source import Source, read_stack_file, stacks


def refused(root: Path, stack: str = "dev") -> list[str]:
    with pytest.raises(SettingsError) as error:
        read_stack_file(root, stack)
    return str(error.value).splitlines()


def write(root: Path, content: str | bytes, stack: str = "dev") -> None:
    data = content.encode() if isinstance(content, str) else content
    (root / f"Pulumi.{stack}.yaml").write_bytes(data)


def test_every_key_and_item_has_its_line(tmp_path: Path) -> None:
    write(tmp_path, "a:\n  - b: 1\n    c:\n      d: 2\n  - e\nf: {g: 3}\n")
    content, source = read_stack_file(tmp_path, "dev")
    assert content == {"a": [{"b": 1, "c": {"d": 2}}, "e"], "f": {"g": 3}}
    assert source.line(("a", 0, "c", "d")) == 4
    assert source.line(("a", 1)) == 5
    assert source.line(("f", "g")) == 6


def test_a_key_that_is_not_there_has_the_line_of_what_it_is_missing_from() -> None:
    source = Source(file="f", lines={(): 1, ("a",): 2, ("a", "b"): 3})
    assert source.line(("a", "b", "missing", 0)) == 3
    assert source.line(("missing",)) == 1
    assert Source(file="f", lines={}).line(("a",)) is None


def test_a_part_of_a_file_keeps_its_lines() -> None:
    part = Source(file="f", lines={(): 1, ("a",): 2, ("a", "b"): 3}).below("a")
    assert (part.line(()), part.line(("b",))) == (2, 3)


def test_a_missing_file_names_the_stacks_that_exist(tmp_path: Path) -> None:
    write(tmp_path, "a: 1", "dev")
    write(tmp_path, "a: 1", "prod")
    (tmp_path / "Pulumi.yaml").write_text("name: x")
    assert refused(tmp_path, "prd") == [
        "Pulumi.prd.yaml: there is no such file; did you mean 'prod'? the stacks here are dev, prod"
    ]
    assert stacks(tmp_path) == ["dev", "prod"]


def test_a_folder_without_any_stack_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path) == [
        f"Pulumi.dev.yaml: there is no such file; {tmp_path} has no Pulumi.<stack>.yaml at all"
    ]


def test_a_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").mkdir()
    assert refused(tmp_path)[0].startswith("Pulumi.dev.yaml: it cannot be read: ")


def test_broken_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "a: 1\nb: [1, 2\nc: 3\n")
    (line,) = refused(tmp_path)
    assert line.startswith("Pulumi.dev.yaml:3: it is not valid YAML: ")


def test_a_date_that_cannot_be_is_refused_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "a: 1\nb: {c: [2026-99-99]}\n")
    (line,) = refused(tmp_path)
    assert line.startswith("Pulumi.dev.yaml:2: it is not valid YAML: ")


@pytest.mark.parametrize("content", ["a: !python/object:os.system x\n", "? [1]\n: 2\n", "a: 1\n---\nb: 2\n"])
def test_yaml_that_no_settings_need_is_refused(tmp_path: Path, content: str) -> None:
    write(tmp_path, content)
    (line,) = refused(tmp_path)
    assert "it is not valid YAML" in line


def test_control_characters_are_refused(tmp_path: Path) -> None:
    write(tmp_path, b"a: \x00\n")
    (line,) = refused(tmp_path)
    assert "it is not valid YAML" in line


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    write(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert read_stack_file(tmp_path, "dev")[0] == {"a": 1}


def test_another_encoding_is_refused_with_the_place(tmp_path: Path) -> None:
    write(tmp_path, "name: Zürich\n".encode("latin-1"))
    assert refused(tmp_path) == ["Pulumi.dev.yaml: byte 7 is not UTF-8; save the file as UTF-8"]


@pytest.mark.parametrize(
    ("content", "given"),
    [("", "it is empty"), ("# only this\n", "it is empty"), ("- a\n", "a list"), ("a\n", "a single value")],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: str, given: str) -> None:
    write(tmp_path, content)
    (line,) = refused(tmp_path)
    assert given in line
    assert "start it with the key 'config'" in line


def test_every_key_that_is_given_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    write(tmp_path, "a:\n  b: 1\n  c: 2\n  b: 3\nd: 1\nd: 2\n")
    assert refused(tmp_path) == [
        "Pulumi.dev.yaml:4: a.b: given twice; keep one of them: line 2 gives it already",
        "Pulumi.dev.yaml:6: d: given twice; keep one of them: line 5 gives it already",
    ]


def test_anchors_and_merges_work_as_in_any_yaml(tmp_path: Path) -> None:
    write(tmp_path, "base: &base {x: 1, y: 2}\na:\n  <<: *base\n  y: 3\nb: *base\n")
    content, source = read_stack_file(tmp_path, "dev")
    assert content["a"] == {"x": 1, "y": 3}
    assert source.line(("a", "x")) == 2


def test_an_alias_inside_its_own_anchor_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a: &a [*a]\n")
    assert "nested too deeply" in refused(tmp_path)[0]


def test_aliases_that_multiply_without_end_are_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    write(tmp_path, "\n".join(rows))
    assert "more than 100000 values" in refused(tmp_path)[0]
