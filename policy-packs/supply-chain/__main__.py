"""Serves the pack supply-chain; the constructor blocks, so no other module may call it."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

sys.path.append(str(Path(__file__).resolve().parent.parent))

from controls.sdk import policies

PolicyPack("supply-chain", policies("supply-chain", ["supply-chain"]), EnforcementLevel.MANDATORY)
