"""Drive the real `pulumi` when it is on PATH.

For a stack on the lab it works in a backend, with a passphrase and with a copy of the stack's configuration
below the lab's folder, so that neither the user's login nor `Pulumi.<stack>.yaml` is touched. For any other stack
it uses the user's own login and file.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cli.chart_retries import check_charts, with_retries
from cli.console import out
from cli.errors import CommandFailed
from cli.pulumi_events import VARIABLE, violations
from cli.target import PASSPHRASE
from engine.interrupt import graceful
from engine.plan import Plan, PlannedResource
from lab.folder import LabFolder, write_private


@dataclass(frozen=True, kw_only=True)
class PulumiCli:
    """The `pulumi` command for one stack of one project."""

    program: str
    root: Path
    stack: str
    packs: Mapping[Path, Path | None] = field(default_factory=dict)
    """The policy packs' folders, each with the file of its settings."""
    lab: LabFolder | None = None
    """The lab's folder where the stack lives on the lab, else None."""

    @staticmethod
    def on_path() -> str | None:
        return shutil.which("pulumi")

    def preview(self) -> tuple[Plan, str]:
        """The plan with what the packs found, and what pulumi had to say beside it.

        Raises CommandFailed with pulumi's own words when the preview fails of anything but a policy.
        """
        self._ready()
        return with_retries(self._preview)

    def _preview(self) -> tuple[Plan, str]:
        with tempfile.TemporaryDirectory(prefix="mlops-preview-") as folder:
            log = Path(folder) / "events"
            words = ("preview", "--json", "--event-log", str(log), *self._pack_flags())
            done = self._captured(self._program(*words))
            found = tuple(violations(log))
        try:
            plan = json.loads(done.stdout)
        except json.JSONDecodeError:
            raise CommandFailed(f"pulumi preview failed:\n{_words(done)}") from None
        remarks = "\n".join(d["message"].strip() for d in plan.get("diagnostics", []) if d.get("message"))
        if done.returncode and not any(one.mandatory for one in found):
            check_charts(remarks)
            raise CommandFailed(f"pulumi preview failed:\n{remarks}\n{done.stderr.strip()}")
        return Plan(resources=tuple(planned(plan)), violations=found, outputs={}), remarks

    def up(self) -> None:
        """Preview with the packs and apply, with pulumi's own output; a cluster that cannot be reached stops nothing
        of the others. Raises CommandFailed."""
        self._ready()
        words = self._program("up", "--yes", "--continue-on-error", *self._pack_flags())
        with_retries(lambda: self._shown(words))

    def destroy(self) -> None:
        """Remove what the stack has, with pulumi's own output. Raises CommandFailed."""
        self._ready()
        self._shown(self._program("destroy", "--yes"))

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state as pulumi exports them; secrets stay encrypted."""
        self._ready()
        done = self._captured(["stack", "export", "--stack", self.stack], cwd=self._backend_folder)
        if done.returncode:
            raise CommandFailed(f"pulumi stack export failed:\n{_words(done)}")
        found: list[dict[str, Any]] = json.loads(done.stdout)["deployment"].get("resources", [])
        return found

    @property
    def _backend_folder(self) -> Path:
        """Where `pulumi stack` runs: on the lab beside the copy of the configuration, which it writes to."""
        return self.lab.pulumi if self.lab is not None else self.root

    def _ready(self) -> None:
        """Make the lab's own backend and stack; leave the user's alone."""
        if self.lab is None:
            return
        self.lab.pulumi.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(self.root / "Pulumi.yaml", self.lab.pulumi / "Pulumi.yaml")
        self._copy_config(self.lab)
        known = self._captured(["stack", "ls", "--json"], cwd=self.lab.pulumi)
        if known.returncode:
            raise CommandFailed(f"pulumi cannot use the lab's state backend:\n{_words(known)}")
        if self.stack not in {entry["name"] for entry in json.loads(known.stdout)}:
            done = self._captured(["stack", "init", "--no-select", self.stack], cwd=self.lab.pulumi)
            if done.returncode:
                raise CommandFailed(f"pulumi stack init failed:\n{_words(done)}")

    def _copy_config(self, lab: LabFolder) -> None:
        """pulumi writes the salt of its passphrase into the configuration it is given: keep it in the copy."""
        config = yaml.safe_load((self.root / f"Pulumi.{self.stack}.yaml").read_text(encoding="utf-8"))
        copy = self._config_file(lab)
        if copy.exists():
            salt = (yaml.safe_load(copy.read_text(encoding="utf-8")) or {}).get("encryptionsalt")
            config |= {"encryptionsalt": salt} if salt else {}
        write_private(copy, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))

    def _config_file(self, lab: LabFolder) -> Path:
        return lab.pulumi / f"Pulumi.{self.stack}.yaml"

    def _pack_flags(self) -> list[str]:
        """pulumi matches settings to packs by position, so every pack gets a file, if only an empty one."""
        if not any(self.packs.values()):
            return [word for pack in self.packs for word in ("--policy-pack", str(pack))]
        return [
            word
            for pack, settings in self.packs.items()
            for word in ("--policy-pack", str(pack), "--policy-pack-config", str(settings or ""))
        ]

    def _environment(self) -> dict[str, str]:
        switches = ("PULUMI_SKIP_UPDATE_CHECK", "PULUMI_ERROR_OUTPUT_STRING", VARIABLE)
        environment = dict(os.environ, **dict.fromkeys(switches, "true"))
        if self.lab is not None:
            environment.pop("PULUMI_CONFIG_PASSPHRASE", None)
            environment |= {
                "PULUMI_BACKEND_URL": self.lab.pulumi.as_uri(),
                "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.lab.secret(PASSPHRASE)),
            }
        return environment

    def _program(self, *words: str) -> list[str]:
        """The words of a command that runs the program."""
        command = [*words, "--stack", self.stack]
        return (
            [*command, "--config-file", str(self._config_file(self.lab))] if self.lab is not None else command
        )

    def _captured(self, words: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, "--non-interactive", *words],
            cwd=cwd or self.root,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _shown(self, words: list[str]) -> None:
        """Run pulumi and hear it out. Ctrl-C goes to it as well: it ends what it is at and frees the stack's lock,
        and KeyboardInterrupt is raised then. A second Ctrl-C ends pulumi itself."""
        interrupted = threading.Event()
        colour = "always" if out.is_terminal else "never"
        said = []
        with (
            graceful(interrupted.set, [signal.SIGINT]),
            subprocess.Popen(
                [self.program, "--non-interactive", *words, "--color", colour],
                cwd=self.root,
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            try:
                for line in process.stdout or ():
                    print(line, end="", flush=True)
                    said.append(line)
                process.wait()
            except KeyboardInterrupt:
                process.kill()
                process.wait()
                raise
        if interrupted.is_set():
            raise KeyboardInterrupt
        if process.returncode:
            check_charts("".join(said))
            raise CommandFailed(f"pulumi {words[0]} failed: see its output above")


def planned(plan: dict[str, Any]) -> list[PlannedResource]:
    """The resources of `pulumi preview --json` in the shape of the embedded engine's plan."""
    steps = [(step, step.get("newState") or step["oldState"]) for step in plan.get("steps", [])]
    clusters = _clusters([state for _, state in steps])
    return [
        PlannedResource(
            urn=state["urn"],
            type=state["type"],
            name=state["urn"].rsplit("::", 1)[1],
            parent=state.get("parent", ""),
            provider=_provider_urn(state),
            cluster=clusters.get(state["urn"]),
            inputs=state.get("inputs", {}),
            dependencies=tuple(state.get("dependencies") or ()),
            operation=step["op"],
            changed=tuple(step.get("detailedDiff") or step.get("diffReasons") or ()),
        )
        for step, state in steps
    ]


def _clusters(states: list[dict[str, Any]]) -> dict[str, str]:
    """The cluster of each resource: its provider's; a component's is the one that all its children share."""
    identities = {
        state["urn"]: str(state.get("inputs", {}).get("clusterIdentifier") or state["urn"].rsplit("::", 1)[1])
        for state in states
        if state["type"] == "pulumi:providers:kubernetes"
    }
    found = {
        state["urn"]: identities[provider]
        for state in states
        if (provider := state["urn"] if state["urn"] in identities else _provider_urn(state)) in identities
    }
    parents = {state["urn"]: state.get("parent", "") for state in states}
    below: dict[str, set[str]] = {}
    for urn, cluster in found.items():
        above = parents[urn]
        while above in parents:
            below.setdefault(above, set()).add(cluster)
            above = parents[above]
    shared = {urn: names.pop() for urn, names in below.items() if len(names) == 1 and "mlops:" in urn}
    return shared | found


def _provider_urn(state: dict[str, Any]) -> str:
    """The provider's URN without the id that follows it in a reference."""
    return str(state.get("provider", "")).rpartition("::")[0]


def _words(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join(part.strip() for part in (done.stdout, done.stderr) if part and part.strip())
