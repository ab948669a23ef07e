from __future__ import annotations

import pytest

from components.secrets.operator_values import definitions_values, operator_values
from tests.upstream_charts import mistakes, needs_charts

CHART = "external-secrets"


def test_definitions_bring_nothing_that_runs_or_has_rights() -> None:
    values = definitions_values()
    assert values["installCRDs"] is True
    assert values["createOperator"] is False
    for part in ("rbac", "serviceAccount", "webhook", "certController"):
        assert values[part]["create"] is False


def test_the_controller_brings_no_definitions_and_no_account() -> None:
    values = operator_values("reader", {})
    assert values["installCRDs"] is False
    assert values["serviceAccount"] == {"create": False, "name": "reader"}


def test_it_may_not_make_tokens_of_any_account_it_likes() -> None:
    rights = operator_values("reader", {})["rbac"]
    assert rights["serviceAccountTokenCreate"] is False
    assert not any(value for key, value in rights.items() if key.startswith("aggregateTo"))


def test_one_of_two_leads_and_the_other_stands_by() -> None:
    values = operator_values("reader", {})
    assert values["replicaCount"] > values["podDisruptionBudget"]["minAvailable"]
    assert values["leaderElect"] is True


@needs_charts
@pytest.mark.parametrize("values", [definitions_values(), operator_values("reader", {"team": "platform"})])
def test_the_chart_takes_all_of_it(values: dict[str, object]) -> None:
    assert mistakes(CHART, values) == []
