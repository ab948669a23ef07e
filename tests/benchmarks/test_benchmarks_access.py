from __future__ import annotations

from typing import Any

import pytest
from rich.table import Table

from benchmarks import access


def cell(role: str, seconds: float) -> dict[str, Any]:
    return {"resource": "secrets", "action": "read", "role": role, "seconds": seconds}


REPORT = {"cells": [cell("admin", 0.2), cell("viewer", 1.5)], "uncovered": ["a"], "failed": []}


def test_a_proof_is_told_by_its_whole_time_and_its_slowest_cell() -> None:
    assert list(access.proof_rows(REPORT, 12.34)) == [
        ("access prove, 2 cells", "12.3 s", "under 60 s"),
        ("  uncovered", "1", ""),
        ("  answered otherwise than the matrix says", "0", "0"),
        ("  slowest cell: secrets (read) as viewer", "1.5 s", ""),
    ]


def test_a_proof_that_could_not_be_made_is_no_figure(tmp_path_factory: pytest.TempPathFactory) -> None:
    table = Table("what", "figure", "target")
    nowhere = tmp_path_factory.mktemp("empty") / "no-lab"
    with pytest.raises(RuntimeError, match="mlops lab up"):
        access.proof({"MLOPS_LAB_DIR": str(nowhere)}, table)
    assert table.row_count == 0
