"""The `mlops` command.

`mlops policy` judges with the controls, the policy packs' own library and no package of this project: its folder,
beside this one, is put on the path here, before any module of the command can ask for it.
"""

from __future__ import annotations

import sys
from pathlib import Path

_PACKS = str(Path(__file__).resolve().parent.parent / "policy-packs")
if _PACKS not in sys.path:
    sys.path.append(_PACKS)
