from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from lab.lab import Lab
from lab.status import workload

POD: dict[str, Any] = {
    "metadata": {"name": "mlflow-0", "namespace": "mlops-platform"},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
}


def test_a_pod_is_real_unless_kwok_marked_it() -> None:
    assert workload("east", POD).kind == "real"
    marked = {**POD, "metadata": {**POD["metadata"], "annotations": {"mlops.platform/simulated": "true"}}}
    assert workload("east", marked).kind == "simulated"


def test_a_real_pods_address_is_the_one_that_its_agent_wrote() -> None:
    annotations = {"mlops.platform/lab-address": "127.20.1.2:5000"}
    pod = {**POD, "metadata": {**POD["metadata"], "annotations": annotations}}
    assert workload("east", pod).address == "127.20.1.2:5000"


def test_a_lab_that_never_ran_is_stopped_and_its_status_is_json(tmp_path: Path) -> None:
    status = Lab(tmp_path / "lab").status()
    assert status.state == "stopped"
    assert json.loads(json.dumps(dataclasses.asdict(status)))["clusters"] == []
    assert not (tmp_path / "lab").exists(), "looking changes nothing"
