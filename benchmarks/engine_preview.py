"""`python -m benchmarks.engine_preview FOLDER`: a preview by the embedded engine alone, without policy packs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from engine.plan import as_json, preview
from engine.project import Project


def main() -> None:
    folder = Path(sys.argv[1])
    os.chdir(folder)
    print(json.dumps(as_json(preview(Project.load(folder), "bench"))))


if __name__ == "__main__":
    main()
