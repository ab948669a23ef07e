"""The benchmarks. Importing `cli` puts the packs' own library on the path, before any of them asks for it."""

import cli  # noqa: F401 - see above
