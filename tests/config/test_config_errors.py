from __future__ import annotations

from config.errors import Problem, SettingsError


def problem(line: int | None = 23, key: str = "settings.clusters[1].name") -> Problem:
    return Problem(file="Pulumi.dev.yaml", line=line, key=key, given="given 'east'", remedy="use another one")


def test_a_problem_reads_as_place_key_given_and_remedy() -> None:
    assert str(problem()) == ("Pulumi.dev.yaml:23: settings.clusters[1].name: given 'east'; use another one")


def test_a_problem_without_line_or_key_leaves_them_out() -> None:
    assert str(problem(line=None, key="")) == "Pulumi.dev.yaml: given 'east'; use another one"


def test_an_error_has_one_line_for_each_problem() -> None:
    error = SettingsError([problem(), problem(line=24)])
    assert len(error.problems) == 2
    assert str(error).splitlines() == [str(problem()), str(problem(line=24))]
