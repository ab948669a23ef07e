from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from controls.configuration import Configuration
from controls.manifests import LARGEST, InputError, read_configuration, read_items
from typer.testing import CliRunner, Result

from cli.errors import CommandRefused
from cli.policy import app, policy
from cli.policy_judgement import Mode, judge

BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  serviceAccountName: app
  automountServiceAccountToken: false
  hostNetwork: true
  containers:
  - name: app
    securityContext:
      {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
"""
GOOD = BAD.replace("hostNetwork: true", "hostNetwork: false")
ENTRY: dict[str, Any] = {
    "control": "WL-02",
    "kind": "Pod",
    "namespace": "team",
    "name": "app",
    "owner": "platform",
    "reason": "node agent",
    "expiry": "2999-12-31",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, content: object) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path.name


def run(*arguments: str, stdin: str | None = None) -> Result:
    """Judged with WL-02 alone: what the other controls say of the manifests is theirs to test."""
    alone = typer.Typer()
    alone.command()(policy)
    return CliRunner().invoke(alone, ("--controls", "WL-02", *arguments), input=stdin)


def mlops(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def lines(result: Result) -> list[dict[str, str]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_bad_manifest_gives_one_json_line_a_defect_and_exit_code_1(folder: Path) -> None:
    result = run("--json", write(folder / "bad.yaml", BAD))
    assert result.exit_code == 1
    assert lines(result) == [
        {
            "file": "bad.yaml",
            "kind": "Pod",
            "namespace": "team",
            "name": "app",
            "control": "WL-02",
            "level": "mandatory",
            "message": "pod: hostNetwork is true; remove it or set it to false",
        }
    ]


def test_a_good_manifest_gives_no_line_and_exit_code_0(folder: Path) -> None:
    result = run("--json", write(folder / "good.yaml", GOOD))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 objects judged, 0 findings" in result.stderr


def test_folders_documents_lists_and_json_are_all_read_in_a_fixed_order(folder: Path) -> None:
    write(folder / "m/b/two.yml", f"{BAD}---\n---\n{BAD}")
    write(folder / "m/a.json", {"kind": "List", "items": [{"apiVersion": "v1", "kind": "ConfigMap"}]})
    write(folder / "m/values.yaml", "image: x\n")
    write(folder / "m/notes.txt", "{")
    result = run("--json", "m")
    assert [line["file"] for line in lines(result)] == ["m/b/two.yml", "m/b/two.yml"]
    assert "3 objects judged" in result.stderr


def test_a_dash_reads_standard_input(folder: Path) -> None:
    result = run("--json", "-", stdin=BAD)
    assert (result.exit_code, lines(result)[0]["file"]) == (1, "-")


def test_without_json_a_pipe_gets_plain_lines_without_colour(folder: Path) -> None:
    result = run(write(folder / "bad.yaml", BAD.replace("name: app, n", 'name: "a\\e[31m", n')))
    assert result.exit_code == 1
    assert result.stdout.startswith("bad.yaml: Pod team/a?[31m: WL-02 mandatory: pod: hostNetwork is true")
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("broken.yaml", "kind: Pod\nspec: [1\nx: {\n", "broken.yaml:3: is not YAML:"),
        ("broken.json", '{"kind": "Pod",\n "spec": }', "broken.json:2: is not JSON:"),
        ("tag.yaml", "a: !vault secret\n", "tag.yaml:1: is not YAML:"),
        ("bytes.yaml", "a: \x01\n", "bytes.yaml: is not YAML: "),
        ("date.yaml", "a: 2026-99-99\n", "date.yaml: holds a date, number or text that is not valid"),
        ("cyclic.yaml", "a: &a {b: *a}\n", "cyclic.yaml: holds an anchor inside of itself"),
        ("deep.json", "[" * 100_000, "deep.json: is nested too deep"),
        ("deep.yaml", "[" * 100_000, "deep.yaml: is nested too deep"),
        ("dashes.yaml", "- " * 100_000, "dashes.yaml: is nested too deep"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line_and_exit_code_2(
    name: str, content: str, says: str, folder: Path
) -> None:
    result = run("--json", write(folder / name, content))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(says)


def test_all_bad_files_are_named_together_and_nothing_is_judged(folder: Path) -> None:
    write(folder / "m/bad.yaml", BAD)
    write(folder / "m/one.yaml", "{")
    result = run("m", "missing.yaml")
    assert result.exit_code == 2
    assert "m/one.yaml:" in result.stderr
    assert "missing.yaml: cannot be read: No such file or directory" in result.stderr
    assert result.stdout == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_listed_is_refused_and_not_skipped(folder: Path) -> None:
    (folder / "m/closed").mkdir(parents=True, mode=0)
    assert run("m").exit_code == 2


def test_an_exemption_takes_its_finding_and_the_count_is_printed(folder: Path) -> None:
    config = write(folder / "packs.json", {"zero-trust": {"exemptions": [ENTRY]}})
    result = run("--json", "--together", "--config", config, write(folder / "bad.yaml", BAD))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 exemptions configured, 1 findings exempted" in result.stderr


def test_only_the_whole_stack_tells_that_an_exemption_exempts_nothing(folder: Path) -> None:
    config = write(folder / "packs.json", {"zero-trust": {"exemptions": [ENTRY]}})
    good = write(folder / "good.yaml", GOOD)
    assert run("--json", "--config", config, good).exit_code == 0
    result = run("--json", "--together", "--config", config, good)
    assert result.exit_code == 1
    assert [(line["file"], line["control"], line["name"]) for line in lines(result)] == [
        ("packs.json", "EX-02", "app")
    ]


def test_an_expired_exemption_is_a_violation_in_both_modes(folder: Path) -> None:
    configuration = read_configuration(write(folder / "p.json", {"zero-trust": {"exemptions": [ENTRY]}}))
    manifests = read_items([write(folder / "bad.yaml", BAD)], None)
    for mode in Mode:
        report = judge(
            manifests, mode, configuration, config="p.json", today=date(3000, 1, 1), only=["WL-02"]
        )
        assert [finding.control for finding in report.findings] == ["EX-01", "WL-02"]


def test_an_advisory_finding_is_shown_and_does_not_fail(folder: Path) -> None:
    config = write(folder / "packs.yaml", "zero-trust: {enforcementLevels: {WL-02: advisory}}")
    result = run("--json", "--config", config, write(folder / "bad.yaml", BAD))
    assert (result.exit_code, lines(result)[0]["level"]) == (0, "advisory")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"zero-trst": {}}, "packs.json: zero-trst: unknown key; known are environment, "),
        ({"zero-trust": {}, "aw": {}}, "packs.json: aw: unknown key beside packs; packs are zero-trust, "),
        ({"zero-trust": {"exemption": []}}, "packs.json: zero-trust.exemption: unknown key"),
        ({"zero-trust": {"exemptions": [{}]}}, "packs.json: zero-trust.exemptions[0].control: must be given"),
        ([], "packs.json: must be one mapping"),
        ("{", "packs.json:1: is not JSON"),
    ],
)
def test_a_bad_configuration_is_refused_with_its_key(content: object, says: str, folder: Path) -> None:
    config = write(folder / "packs.json", content)
    result = run("--config", config, write(folder / "bad.yaml", BAD))
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_a_remediation_beside_packs_is_the_programs_business(folder: Path) -> None:
    mending = {"platform-remediation": {"enforcementLevel": "remediate", "labels": {}}}
    config = write(folder / "packs.json", {"zero-trust": {}, **mending})
    assert run("--config", config, write(folder / "good.yaml", GOOD)).exit_code == 0


def test_an_empty_configuration_is_the_default(folder: Path) -> None:
    found = read_configuration(write(folder / "packs.yaml", "# nothing yet\n"))
    assert set(map(repr, found.values())) == {repr(Configuration())}


def test_the_error_lists_its_problems(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_items(["no-1", "no-2"], None)
    assert len(caught.value.problems) == 2


def test_one_mapping_without_packs_is_for_all_of_them(folder: Path) -> None:
    config = write(folder / "packs.json", {"requiredLabels": ["owner"], "exemptions": [ENTRY]})
    bad = write(folder / "bad.yaml", BAD)
    result = mlops("--json", "--together", "--controls", "GC-04,WL-02", "--config", config, bad)
    assert [line["control"] for line in lines(result)] == ["GC-04"]
    assert "1 exemptions configured, 1 findings exempted" in result.stderr


def test_a_relation_is_judged_together_and_not_alone(folder: Path) -> None:
    good = write(folder / "good.yaml", GOOD)
    assert lines(mlops("--json", "--controls", "NW-02", good)) == []
    (found,) = lines(mlops("--json", "--together", "--controls", "NW-02", good))
    assert (found["file"], found["control"], found["name"]) == ("good.yaml", "NW-02", "app")


def test_a_word_that_is_no_command_is_a_path_and_a_path_can_be_called_list(folder: Path) -> None:
    write(folder / "list", BAD)
    assert mlops("--controls", "WL-02", "./list").exit_code == 1
    assert "WL-05" in mlops("list").stdout


@pytest.mark.parametrize("arguments", [["explain", "WL-99"], ["--controls", "WL-99", "good.yaml"], []])
def test_a_control_that_there_is_not_and_nothing_to_judge_are_usage_errors(
    arguments: list[str], folder: Path
) -> None:
    write(folder / "good.yaml", GOOD)
    result = mlops(*arguments)
    assert result.exit_code == 2 or isinstance(result.exception, CommandRefused)
    assert result.stdout == ""


def test_a_manifest_that_is_too_large_is_refused_before_it_is_parsed(folder: Path) -> None:
    (folder / "huge.yaml").write_bytes(b"a" * (LARGEST + 1))
    result = run("huge.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "huge.yaml: is larger than 32 MiB; split it\n"


def test_a_kind_that_no_control_knows_is_left_alone(folder: Path) -> None:
    other = {"apiVersion": "example.com/v1", "kind": "Anything", "metadata": {"name": "a"}, "spec": {"x": 1}}
    assert mlops(write(folder / "other.json", other)).exit_code == 0
