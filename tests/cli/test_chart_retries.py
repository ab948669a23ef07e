from __future__ import annotations

import pytest
import tenacity

from cli import chart_retries
from cli.chart_retries import ATTEMPTS, ChartsUnreachable, check_charts, with_retries
from cli.errors import CommandFailed


def failed(name: str, why: str) -> str:
    """A line as pulumi prints it."""
    chart = f"kubernetes:helm.sh/v4:Chart resource '{name}'"
    return f"    error: {chart} has a problem: unable to locate the chart: {why}\n"


REFUSED = (
    'failed to perform "FetchReference" on source: Get "https://r/v2": dial tcp: connect: connection refused'
)
LOOKS = 'looks like "https://r/charts" is not a valid chart repository or cannot be reached: EOF'


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_retries, "WAIT", tenacity.wait_none())


@pytest.mark.parametrize(
    "why", [REFUSED, LOOKS, "i/o timeout", "unexpected status 503", "context deadline exceeded"]
)
def test_a_repository_that_does_not_answer_is_named_with_its_chart(why: str) -> None:
    with pytest.raises(ChartsUnreachable, match="chart east-kueue: ") as caught:
        check_charts("before\n" + failed("east-kueue", why) + "after\n")
    assert why in str(caught.value)
    assert "after" not in str(caught.value)


@pytest.mark.parametrize(
    "output",
    [
        "",
        failed("east-kueue", 'chart "kueue" version "9" not found in https://r/charts repository'),
        "error: kubernetes:core/v1:Secret resource 's' has a problem: connection refused\n",
    ],
)
def test_what_another_attempt_would_not_mend_is_left_alone(output: str) -> None:
    check_charts(output)


def test_a_run_goes_on_when_the_repository_is_back(capsys: pytest.CaptureFixture[str]) -> None:
    answers = [failed("east-kueue", REFUSED), failed("east-istiod", LOOKS), ""]

    def run() -> int:
        check_charts(answers.pop(0))
        return 7

    assert with_retries(run) == 7
    told = capsys.readouterr().err
    assert "chart east-kueue" in told
    assert f"(2 of {ATTEMPTS})" in told


def test_a_repository_that_stays_away_is_an_error_with_a_remedy() -> None:
    runs = []

    def run() -> None:
        runs.append(1)
        check_charts(failed("east-kueue", REFUSED))

    with pytest.raises(CommandFailed, match=r"chart east-kueue: (?s:.*)charts\.mirror"):
        with_retries(run)
    assert len(runs) == ATTEMPTS


def test_any_other_failure_is_not_tried_again() -> None:
    runs = []

    def run() -> None:
        runs.append(1)
        raise CommandFailed("no")

    with pytest.raises(CommandFailed, match=r"^no$"):
        with_retries(run)
    assert len(runs) == 1
