from __future__ import annotations

from config.closest import closest, or_list


def test_the_nearest_value_is_found_whatever_its_case() -> None:
    assert closest("POD_CIDR", ["id", "podCidr", "serviceCidr"]) == "podCidr"


def test_nothing_is_guessed_where_nothing_is_near() -> None:
    assert closest("colour", ["id", "podCidr"]) is None
    assert or_list("colour", ["id", "podCidr"]) == "use one of 'id', 'podCidr'"


def test_a_remedy_names_the_nearest_value_and_all_that_are_allowed() -> None:
    assert (
        or_list("upsteam", ["upstream", "none"]) == "did you mean 'upstream'? allowed are 'upstream', 'none'"
    )
