"""The Pulumi program: settings in, exports out."""

import pulumi

from config.load import load
from stacks.platform import build

for name, value in build(load()).items():
    pulumi.export(name, value)
