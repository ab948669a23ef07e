"""The process of one policy pack: `python -m pulumi.policy`, its port, its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from engine.errors import PackError

START_SECONDS: Final = 30.0
_ENGINE: Final = "127.0.0.1:1"  # nobody listens: a pack only logs there, and need not
_RUN: Final = """
import ctypes, runpy, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)  # die with the engine, however that ends
sys.argv = ["pulumi.policy", *sys.argv[1:]]
runpy.run_module("pulumi.policy", run_name="__main__")
"""


class PackProcess:
    """A context: the process is started with it and is gone when it ends."""

    def __init__(self, folder: Path, project: str, stack: str, *, preview: bool) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            "PULUMI_PROJECT": project,
            "PULUMI_STACK": stack,
            "PULUMI_DRY_RUN": "true" if preview else "false",
            "PULUMI_CONFIG": "{}",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._started = 0.0

    def __enter__(self) -> PackProcess:
        if not (self.folder / "PulumiPolicy.yaml").is_file():
            raise PackError(f"policy pack {self.folder}: there is no PulumiPolicy.yaml in it")
        self._errors = tempfile.TemporaryFile()
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-c", _RUN, _ENGINE, str(self.folder)],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        process = self._process
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._errors is not None:
            self._errors.close()

    def port(self) -> int:
        """The port it serves on, as it prints it. Raises PackError after 30 seconds, or when it ends before.

        Asked later than that, it counts what is printed already: a large program may take its time to ask.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout
        seen = b""
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while True:
                left = self._started + START_SECONDS - time.monotonic()
                if not selector.select(max(left, 0.0)):
                    raise PackError(
                        f"policy pack {self.folder} did not start within {START_SECONDS:g} s{self.last_words()}"
                    )
                data = os.read(output.fileno(), 4096)
                if not data:
                    code = self._process.wait()
                    raise PackError(
                        f"policy pack {self.folder} ended with code {code} at its start{self.last_words()}"
                    )
                seen += data
                for line in seen.split(b"\n")[:-1]:
                    if line.strip().isdigit():
                        return int(line)

    def said(self) -> list[str]:
        """The lines it has printed since it printed its port, or since the last call; none where it is silent."""
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        os.set_blocking(output, False)
        seen = b""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(output, 4096):
                seen += data
        return seen.decode("utf-8", "replace").splitlines()

    def last_words(self) -> str:
        """The end of what it wrote to its error output."""
        if self._errors is None or self._errors.closed:
            return ""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 2000))
        text = self._errors.read().decode("utf-8", "replace").strip()
        return f":\n{text}" if text else ""
