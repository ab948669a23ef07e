"""The folders of one pod, and how its containers are launched in them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.agent.container import Launch
from lab.agent.containers import PodFacts, Sources, environment, plan
from lab.agent.process import CONTAINER_MARKER, DEFAULT_PATH, executable
from lab.agent.references import TokenWanted
from lab.agent.rewrite import Rewriter, ServiceAddress
from lab.agent.volumes import Content, mount_paths, prepare_volume, volume_folder
from lab.folder import LabFolder
from lab.images import Programs
from lab.process import ProcessSpec

Object = Mapping[str, Any]
_TERMINATION_LOG = "/dev/termination-log"
_TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 (a path)


@dataclass(frozen=True, kw_only=True)
class Network:
    """How the pod reaches others."""

    address: str
    service_address: ServiceAddress
    ports: Callable[[int], int]
    service_links: Mapping[str, str]
    api_server: tuple[str, str]
    """Host and port."""


@dataclass(frozen=True, kw_only=True)
class PodFiles:
    """Paths of one pod."""

    folder: LabFolder
    cluster: str
    pod: Object

    @property
    def root(self) -> Path:
        """Removed with everything in it when the pod ends."""
        meta = self.pod["metadata"]
        return self.folder.pod(self.cluster, meta["namespace"], meta["uid"])

    @property
    def claims(self) -> Path:
        """Persistent volume claims of the pod's namespace; they outlive pods."""
        return self.folder.pod(self.cluster, self.pod["metadata"]["namespace"], "claims")

    def log(self, container: str) -> Path:
        """A container's output."""
        meta = self.pod["metadata"]
        return self.folder.pod_logs(self.cluster, meta["namespace"], meta["name"]) / f"{container}.log"

    def volumes(self) -> dict[str, Path]:
        """Every volume's folder by the volume's name."""
        found = (self.pod.get("spec") or {}).get("volumes") or []
        return {
            one["name"]: volume_folder(one, self.pod, self.root / "volumes", self.claims) for one in found
        }

    def write_volumes(self, content: Content) -> None:
        """Make all volumes, or bring them up to date. Raises MountError."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folders = self.volumes()
        for volume in (self.pod.get("spec") or {}).get("volumes") or []:
            prepare_volume(volume, folders[volume["name"]], content)

    def remove(self) -> None:
        """Remove everything but claims and logs."""
        shutil.rmtree(self.root, ignore_errors=True)

    def launch(
        self,
        container: Object,
        sources: Sources,
        network: Network,
        programs: Programs,
        argv: Sequence[str] | None = None,
    ) -> Launch:
        """How to start a container now, or the command `argv` in it. Raises ContainerConfigError,
        StartError."""
        name = str(container["name"])
        own = self.root / "containers" / name
        for part in ("home", "tmp", "work"):
            (own / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = PodFacts(address=network.address)
        variables = environment(self.pod, container, sources, facts, network.service_links)
        mounts = mount_paths(container, self.volumes(), variables)
        message = container.get("terminationMessagePath") or _TERMINATION_LOG
        rewriter = Rewriter(
            mounts={message: str(own / "termination-message")} | mounts,
            pod_address=network.address,
            service_address=network.service_address,
            ports=network.ports,
        )
        if argv is not None:
            container = {**container, "command": list(argv), "args": []}
        wanted = plan(container, variables, rewriter)
        cwd = Path(wanted.cwd) if wanted.cwd else own / "work" / (wanted.inner_cwd or "").lstrip("/")
        cwd.mkdir(parents=True, exist_ok=True)
        path = wanted.env.get("PATH", DEFAULT_PATH)
        binaries = programs.folder / "bin"
        basics = {
            "HOME": str(own / "home"),
            "TMPDIR": rewriter.path("/tmp") or str(own / "tmp"),  # noqa: S108 (a container's path)
            "HOSTNAME": self.pod["metadata"]["name"],
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **programs.variables,
        }
        if _TOKEN_MOUNT in mounts:
            host, port = network.api_server
            basics |= {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
        marker = f"{self.pod['metadata']['uid']}/{name}" + ("" if argv is None else "/exec")
        program = executable(wanted.argv[0], binaries, path, self.root)
        return Launch(
            spec=ProcessSpec(
                name=marker,
                argv=(program, *wanted.argv[1:]),
                env=basics | dict(wanted.env) | {"PATH": f"{binaries}:{path}", CONTAINER_MARKER: marker},
                cwd=cwd,
                log=self.log(name),
                umask=0o022,
                dies_with_parent=True,
            ),
            spec_file=own / _spec_name(argv),
            marker=marker,
            termination_message=own / "termination-message",
        )


def _spec_name(argv: Sequence[str] | None) -> str:
    """Two commands that run in a container at once must not share a file."""
    if argv is None:
        return "process.json"
    return f"exec-{hashlib.sha256(repr(list(argv)).encode()).hexdigest()[:12]}.json"


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """What the API gave for a pod's references."""

    sources: Sources
    tokens: Mapping[TokenWanted, str]


Resolve = Callable[[], Awaitable[Resolved]]


def content(pod: Object, resolved: Resolved, address: str) -> Content:
    """What the pod's volumes are written from."""
    return Content(pod=pod, sources=resolved.sources, facts=PodFacts(address=address), tokens=resolved.tokens)


async def write_volumes(files: PodFiles, resolved: Resolved, address: str) -> None:
    """`PodFiles.write_volumes` away from the event loop."""
    await asyncio.to_thread(files.write_volumes, content(files.pod, resolved, address))


def with_pod(files: PodFiles, pod: Object) -> PodFiles:
    """The same pod with newer labels, annotations or status."""
    return replace(files, pod=pod)
