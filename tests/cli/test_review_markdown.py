from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from controls.exemptions import Exemption

from cli.review_causes import Line
from cli.review_changes import changes
from cli.review_checkov import Doubt, Opinion
from cli.review_exemptions import Exemptions
from cli.review_gpus import Pool, PoolChange
from cli.review_markdown import LONGEST, MARKER, code, comment
from cli.review_report import Finding, StackReview
from tests.cli.review_samples import PROJECT, SERVER, plan, resource

LINES = (Line(file="Pulumi.dev.yaml", line=7, what="clusters[0]"), Line(file="c.py", line=3, what="Mlflow"))
BAD = Finding(
    control="WL-05", level="mandatory", urn=SERVER, place="Deployment a/b", message="it is bad", causes=LINES
)
EXEMPT = Exemption(
    control="SC-04",
    kind="Namespace",
    namespace="",
    name="a",
    owner="us",
    reason="so",
    expiry=date(2999, 1, 1),
)
EMPTY = StackReview(stack="dev", opinion=Opinion(missing="it is not there"))


def test_a_comment_begins_with_its_marker_and_says_what_it_compares() -> None:
    lines = comment([EMPTY], "abc").splitlines()
    assert lines[:4] == [MARKER, "## Review of `dev` against `abc`", "", "Nothing mandatory is violated."]
    assert "### `dev`: no resource changes" in lines


def test_a_violation_has_its_lines() -> None:
    text = comment([replace(EMPTY, findings=(BAD,))], "abc")
    assert "**Refused** in `dev`." in text
    assert (
        "- **mandatory** `WL-05` `Deployment a/b` (`east-mlflow-server`): `it is bad` — "
        "`Pulumi.dev.yaml:7` `clusters[0]`; `c.py:3` `Mlflow`"
    ) in text.splitlines()


def test_changes_stand_in_a_collapsed_section_of_their_cluster_below_their_component() -> None:
    one = replace(EMPTY, changes=tuple(changes(plan(), plan(image="new"))))
    text = comment([one], "abc")
    assert "### `dev`: 1 changed" in text
    assert "<summary><code>east</code>: 1 changes</summary>" in text
    assert (
        "- `Mlflow` `east-mlflow`\n  - `~` `Deployment` `east-mlflow-server`: `spec.containers.server.image`"
        in text
    )


def test_a_component_that_comes_as_a_whole_takes_one_line() -> None:
    text = comment([replace(EMPTY, changes=tuple(changes([], plan())))], "abc")
    assert "- `+` `Mlflow` `east-mlflow`: `Deployment` ×1\n" in text
    assert "east-mlflow-server" not in text


def test_many_paths_are_counted() -> None:
    many = {f"k{number}": number for number in range(9)}
    urn = f"{PROJECT}::kubernetes:core/v1:ConfigMap::a"
    found = changes([resource(urn, {})], [resource(urn, many)])
    assert "`k5` and 3 more" in comment([replace(EMPTY, changes=tuple(found))], "abc")


def test_exemptions_are_listed_new_and_removed_ones_with_their_reason() -> None:
    kept, gone = replace(EXEMPT, name="kept"), replace(EXEMPT, name="gone")
    one = replace(EMPTY, exemptions=Exemptions(used=(EXEMPT, kept), added=(EXEMPT,), removed=(gone,)))
    text = comment([one], "abc")
    assert "- **new**: `SC-04` `Namespace a` until 2999-01-01: `so` (`us`)" in text
    assert "- **removed**: `SC-04` `Namespace gone`" in text
    assert text.count("`Namespace a`") == 1
    assert "- `SC-04` `Namespace kept` until 2999-01-01 (`us`)" in text


@pytest.mark.parametrize(
    ("price", "total"), [(Decimal(20), "+8 GPUs, +4.00 an hour"), (None, "+8 GPUs, price unknown")]
)
def test_gpus_are_counted_with_their_price(price: Decimal | None, total: str) -> None:
    pools = (
        PoolChange(
            cluster="east",
            name="train",
            before=Pool(gpus=16, offered={"gpu": 16}, price=Decimal(16)),
            after=Pool(gpus=24, offered={"gpu": 24}, price=price),
        ),
    )
    text = comment([replace(EMPTY, pools=pools)], "abc")
    assert total in text
    assert "| `east` | `train` | 16 → 24 | `gpu` 16 → `gpu` 24 | " in text


def test_checkovs_doubts_are_listed_and_its_absence_is_said() -> None:
    assert "Not asked: it is not there." in comment([EMPTY], "abc")
    doubt = Doubt(check="CKV_1", place="Pod a/b", title="words", control="WL-01")
    opinion = Opinion(version="3", resources=4, doubts=(doubt,), others={"CKV_2": 5})
    text = comment([replace(EMPTY, opinion=opinion)], "abc")
    assert "Checkov 3 judged 4 resources: 1 high findings that the packs do not have." in text
    assert "- `CKV_1` `Pod a/b`: `words` (`WL-01` passes)" in text
    assert "- of less weight: `CKV_2` ×5" in text


def test_a_stack_that_cannot_be_planned_says_why() -> None:
    text = comment([StackReview(stack="dev", broken="line one\n```\nline two")], "abc")
    assert "**Refused** in `dev`." in text
    assert "```text\nline one\n'''\nline two\n```" in text


@pytest.mark.parametrize("count", [1, 3])
def test_however_much_changes_the_comment_stays_within_its_length_and_says_what_is_left_out(
    count: int,
) -> None:
    urns = [f"{PROJECT}::kubernetes:core/v1:ConfigMap::map-{number}" for number in range(3000)]
    found = changes(
        [resource(urn, {"a": 1}, cluster=f"c{number % 9}") for number, urn in enumerate(urns)],
        [resource(urn, {"a": 2}, cluster=f"c{number % 9}") for number, urn in enumerate(urns)],
    )
    many = tuple(replace(BAD, message=f"{number} " + "x" * 900) for number in range(300))
    pools = tuple(PoolChange(cluster="c", name=str(n), before=Pool(), after=Pool(gpus=1)) for n in range(500))
    exempt = Exemptions(used=tuple(replace(EXEMPT, name=str(n)) for n in range(900)))
    one = StackReview(
        stack="dev", changes=tuple(found), findings=many, pools=pools, exemptions=exempt, notes=("n" * 5000,)
    )
    text = comment([replace(one, stack=f"s{number}") for number in range(count)], "abc")
    assert len(text) <= LONGEST
    assert text.count("**truncated**") >= 4 * count
    assert text.count("<details>") == text.count("</details>") == 9 * count
    assert "more violations; `mlops review --json` shows all" in text


@pytest.mark.parametrize(
    ("text", "span"),
    [("a`b`", "`a'b'`"), ("a\nb\x1b[1m", "`a b [1m`"), ("", "``"), ("@all <b>", "`@all <b>`")],
)
def test_foreign_text_stays_in_its_code_span(text: str, span: str) -> None:
    assert code(text) == span


def test_a_cluster_with_markup_in_its_name_is_shown_as_text() -> None:
    urn = f"{PROJECT}::kubernetes:core/v1:ConfigMap::a"
    found = changes([], [resource(urn, {}, cluster="<img>")])
    assert "<code>&#60;img&#62;</code>" in comment([replace(EMPTY, changes=tuple(found))], "abc")
