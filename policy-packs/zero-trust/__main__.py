"""Serves the zero-trust policy pack; the constructor blocks, so no other module may call it."""

from pulumi_policy import EnforcementLevel, PolicyPack
from zero_trust.sdk import Pack
from zero_trust.settings import PACK_NAME

PolicyPack(PACK_NAME, Pack().policies(), EnforcementLevel.MANDATORY)
