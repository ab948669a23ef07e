"""Every path of a lab. Nothing else builds one."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from lab.errors import Refusal

MARKER = "MLOPS_LAB"
"""Environment variable that every process of a lab carries; its value is the lab's absolute folder."""

_SOCKET_LIMIT = 75  # of a folder: sun_path holds 108 bytes, supervisord binds at <socket>.<pid> first


@dataclass(frozen=True)
class ClusterFolder:
    """The paths of one cluster."""

    root: Path

    @property
    def etcd(self) -> Path:
        return self.root / "etcd"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def config(self) -> Path:
        """Configuration files of the control plane's processes."""
        return self.root / "config"

    @property
    def audit_log(self) -> Path:
        return self.root / "audit.log"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig of this cluster alone."""
        return self.root / "kubeconfig"

    def component_kubeconfig(self, component: str) -> Path:
        """kubeconfig of kube-controller-manager, kube-scheduler, kwok or agent."""
        return self.config / f"{component}.kubeconfig"


@dataclass(frozen=True)
class LabFolder:
    """A lab's folder; `root` is made absolute."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(os.path.abspath(self.root)))

    @property
    def marker(self) -> dict[str, str]:
        """The environment entry that says to which lab a process belongs."""
        return {MARKER: str(self.root)}

    @property
    def memory(self) -> Path:
        """lab.json: what the lab remembers (ports, loopback block, topology)."""
        return self.root / "lab.json"

    @property
    def addresses(self) -> Path:
        """Where the stable names of the servers answer."""
        return self.root / "addresses.json"

    @property
    def lock(self) -> Path:
        """Held by the one command that changes the lab; the last file that a purge removes."""
        return self.root / "lock"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def ca(self) -> Path:
        """The certificate that signs every serving certificate of the lab."""
        return self.pki / "ca.crt"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Process specs, sockets, pid files: nothing that must outlive the processes."""
        return self.root / "run"

    @property
    def specs(self) -> Path:
        return self.run / "specs"

    @property
    def tmp(self) -> Path:
        """TMPDIR of the lab's processes."""
        return self.run / "tmp"

    @property
    def supervisor_config(self) -> Path:
        return self.run / "supervisord.conf"

    @property
    def programs(self) -> Path:
        """One file of supervisor configuration per process."""
        return self.run / "programs"

    @property
    def clusters(self) -> Path:
        return self.root / "clusters"

    def cluster(self, name: str) -> ClusterFolder:
        return ClusterFolder(self.clusters / name)

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def minio(self) -> Path:
        return self.root / "minio"

    @property
    def openbao(self) -> Path:
        return self.root / "openbao"

    @property
    def keycloak(self) -> Path:
        return self.root / "keycloak"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def pods(self) -> Path:
        """Volumes and working files of real pods."""
        return self.root / "pods"

    def pod(self, cluster: str, namespace: str, uid: str) -> Path:
        return self.pods / cluster / namespace / uid

    @property
    def agent(self) -> Path:
        """What the node agent remembers (addresses) and its configuration."""
        return self.root / "agent"

    @property
    def services(self) -> Path:
        """Services by cluster, name and port, as the node agent reaches them."""
        return self.root / "services.json"

    @property
    def pulumi(self) -> Path:
        """State backend of the real engine."""
        return self.root / "pulumi"

    @property
    def state(self) -> Path:
        """State of the embedded engine."""
        return self.root / "state"

    def log(self, process: str) -> Path:
        """The log of one supervised process."""
        return self.logs / f"{process}.log"

    def pod_logs(self, cluster: str, namespace: str, pod: str) -> Path:
        return self.logs / "pods" / cluster / namespace / pod

    def spec(self, process: str) -> Path:
        return self.specs / f"{process}.json"

    def secret(self, name: str) -> Path:
        """A file with a credential; always mode 0600."""
        return self.secrets / name

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def sockets(self) -> Path:
        """Where unix sockets lie: run/, or a short private folder when that path is too long for them."""
        if len(os.fsencode(self.run)) <= _SOCKET_LIMIT:
            return self.run
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return private_folder(_runtime_folder() / digest)

    def create(self) -> None:
        """Make the folders, private to their owner."""
        inner = (self.pki, self.secrets, self.logs, self.run, self.specs, self.tmp, self.clusters)
        for path in (self.root, *inner):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _runtime_folder() -> Path:
    return private_folder(Path("/tmp", f"mlops-{os.getuid()}"))  # noqa: S108 (owner and mode are checked)


def private_folder(folder: Path) -> Path:
    """Make a folder that only this user can enter; Refusal when it is there and is not such a one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or seen.st_mode & 0o077:
        raise Refusal(
            f"{folder}: not a private folder of this user, so no socket is put there: "
            f"remove it, or use a lab folder with a path of at most {_SOCKET_LIMIT - 10} characters"
        )
    return folder


def write_private(path: Path, content: str | bytes) -> bool:
    """Write a file of mode 0600 in one step (a reader sees the old or the new whole).

    Returns whether anything changed; an equal file is left alone.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == data and not path.stat().st_mode & 0o077:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return True
