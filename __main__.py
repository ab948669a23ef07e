"""The Pulumi program: settings in, exports out."""

import pulumi

from config.load import database_password, load
from stacks.platform import build

for name, value in build(load(), database_password()).items():
    pulumi.export(name, value)
