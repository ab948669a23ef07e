from __future__ import annotations

from components.labels import Owner, labels, selector

OWNER = Owner(team="vision", cost_center="cc-7", environment="dev")


def test_every_object_says_who_owns_it_who_pays_and_where_it_belongs() -> None:
    given = labels("mlflow", "tracking", OWNER)
    assert {key: given[key] for key in ("team", "cost-center", "environment")} == {
        "team": "vision",
        "cost-center": "cc-7",
        "environment": "dev",
    }


def test_the_selector_is_part_of_the_labels() -> None:
    assert selector("mlflow").items() <= labels("mlflow", "tracking", OWNER).items()


def test_the_selector_survives_a_change_of_owner() -> None:
    other = Owner(team="audio", cost_center="cc-8", environment="prod")
    before, after = labels("mlflow", "tracking", OWNER), labels("mlflow", "tracking", other)
    assert {key for key in before if before[key] != after[key]}.isdisjoint(selector("mlflow"))
