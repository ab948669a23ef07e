"""What a command works on: the checkout, one stack's settings, and where its state lives."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_state_path

from cli.errors import CommandRefused
from config.clusters import LAB_FOLDER, ClusterSettings
from config.load import LAB_FOLDER_VARIABLE, read
from config.schema import PlatformSettings
from engine.secrets import passphrase_from
from lab.folder import LabFolder, write_private

Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack: Pulumi.<stack>.yaml.")]

PASSPHRASE = "passphrase"  # noqa: S105 - the name of a file
"""Name of the lab's secret that encrypts the state of its stacks, in both engines."""


_PACK = Path("policy-packs", "platform")


def pack_configuration(root: Path, stack: str) -> Path:
    """The file that holds the packs' settings, levels and exemptions of a stack."""
    return root / _PACK / "config" / f"{stack}.json"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One stack of one checkout."""

    root: Path
    stack: str
    settings: PlatformSettings
    lab: LabFolder

    @property
    def on_lab(self) -> bool:
        """Whether every cluster of the stack is one of the lab's."""
        return all(cluster.kind == "lab" for cluster in self.settings.clusters)

    def clusters(self, name: str | None) -> tuple[ClusterSettings, ...]:
        """The cluster of that name, or all where none is named. Raises CommandRefused, naming those that there are."""
        found = tuple(cluster for cluster in self.settings.clusters if name in (None, cluster.name))
        if not found:
            known = ", ".join(cluster.name for cluster in self.settings.clusters)
            raise CommandRefused(f"--cluster {name}: stack {self.stack!r} has {known}")
        return found

    @property
    def packs(self) -> tuple[Path, ...]:
        """The policy pack that has the controls of all others: one process reads a resource once for all of them."""
        pack = self.root / _PACK
        return (pack,) if (pack / "PulumiPolicy.yaml").is_file() else ()

    @property
    def pack_config(self) -> dict[Path, Path]:
        """The settings, levels and exemptions that this stack gives a pack, where it gives any."""
        file = pack_configuration(self.root, self.stack)
        return {pack: file for pack in self.packs if file.is_file()}

    @property
    def state_file(self) -> Path:
        """The embedded engine's state of this stack."""
        folder = self.lab.state if self.on_lab else user_state_path("mlops-platform") / self.root.name
        return folder / f"{self.stack}.db"

    @contextlib.contextmanager
    def credentials(self) -> Iterator[None]:
        """Within the block the environment holds what a stack on the lab needs to reach its servers.

        Both engines hand it to the program and to its providers. A stack elsewhere uses the user's own, as it is.
        Raises the lab's Refusal when the lab has no credentials yet.
        """
        with contextlib.ExitStack() as undo:
            if self.on_lab:
                from lab.access import environment  # noqa: PLC0415 - loads every server of the lab

                for name, value in environment(self.lab).items():
                    undo.callback(_set, name, os.environ.get(name))
                    _set(name, value)
            yield

    def passphrase(self) -> str:
        """What encrypts the secrets in the state. The lab makes one of its own.

        Raises PassphraseError when the stack is not on the lab and the user gave none; an empty one counts as none.
        """
        if self.on_lab:
            file = self.lab.secret(PASSPHRASE)
            if not file.exists():
                write_private(file, os.urandom(32).hex())
            return file.read_text(encoding="utf-8").strip()
        return passphrase_from({name: value for name, value in os.environ.items() if value})


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def project_root() -> Path:
    """The checkout around the working folder. Raises CommandRefused outside of one."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").exists():
            return folder
    raise CommandRefused(f"{here}: no Pulumi.yaml here or above; run mlops inside a checkout of the platform")


def lab_folder(root: Path) -> LabFolder:
    """The lab's folder: MLOPS_LAB_DIR, else `.lab` in the checkout."""
    return LabFolder(root / (os.environ.get(LAB_FOLDER_VARIABLE) or LAB_FOLDER))


def target(stack: str) -> Target:
    """Read and check the stack's settings. Raises SettingsError with every mistake in them."""
    root = project_root()
    return Target(root=root, stack=stack, settings=read(root, stack), lab=lab_folder(root))
