"""A real API server with etcd and the controller manager, for the engine's tests alone."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity
import yaml

from lab.binaries import binaries
from lab.cache import Cache
from lab.certs import Subject, authority, leaf, signing_key
from lab.progress import SilentProgress


@dataclass(frozen=True, kw_only=True)
class ApiServer:
    """A running server: its kubeconfig (contexts `east` and `west` are the same server) and an admin's access."""

    url: str
    kubeconfig: Path
    context: ssl.SSLContext

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A request as the administrator; None for 404."""
        data = None if body is None else json.dumps(body).encode()
        content = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(
            f"{self.url}{path}", data=data, method=method, headers={"content-type": content}
        )
        try:
            with urllib.request.urlopen(request, context=self.context) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error

    def get(self, path: str) -> Any:
        return self.call("GET", path)


@contextlib.contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Start the processes, wait until they answer, and end them with the block."""
    tools = binaries(("etcd", "kube-apiserver", "kube-controller-manager"), Cache(), SilentProgress())
    etcd_port, peer_port, port, manager_port = _free_ports(4)
    signer = authority(folder, "ca", "engine tests")
    serving = leaf(signer, folder, "serving", Subject(name="apiserver", hosts=("127.0.0.1", "localhost")))
    admin = leaf(signer, folder, "admin", Subject(name="admin", groups=("system:masters",), client=True))
    tokens = signing_key(folder / "tokens.key")
    url = f"https://127.0.0.1:{port}"
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(_kubeconfig(url, signer.path, admin.certificate, admin.key)))
    trust = ssl.create_default_context(cafile=str(signer.path))
    trust.load_cert_chain(admin.certificate, admin.key)
    server = ApiServer(url=url, kubeconfig=kubeconfig, context=trust)
    with contextlib.ExitStack() as stack:
        etcd = f"http://127.0.0.1:{etcd_port}"
        peer = f"http://127.0.0.1:{peer_port}"
        _start(stack, folder, [
            tools["etcd"], f"--data-dir={folder}/etcd", "--unsafe-no-fsync", f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}", f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
        ])  # fmt: skip
        _start(stack, folder, [
            tools["kube-apiserver"], f"--etcd-servers={etcd}", "--bind-address=127.0.0.1",
            f"--secure-port={port}", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
            f"--tls-cert-file={serving.certificate}", f"--tls-private-key-file={serving.key}",
            f"--client-ca-file={signer.path}", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-signing-key-file={tokens}",
            f"--service-account-key-file={tokens.with_suffix('.pub')}", "--shutdown-delay-duration=0s",
        ])  # fmt: skip
        _until_ready(server)
        _start(stack, folder, [
            tools["kube-controller-manager"], f"--kubeconfig={kubeconfig}", "--bind-address=127.0.0.1",
            f"--secure-port={manager_port}", "--leader-elect=false", f"--service-account-private-key-file={tokens}",
            f"--root-ca-file={signer.path}", "--use-service-account-credentials=false",
        ])  # fmt: skip
        _until_controlled(server)
        yield server


def _start(stack: contextlib.ExitStack, folder: Path, argv: Sequence[str | Path]) -> None:
    log = stack.enter_context((folder / f"{Path(argv[0]).name}.log").open("wb"))
    process = subprocess.Popen([str(part) for part in argv], cwd=folder, stdout=log, stderr=log)
    stack.callback(process.wait)
    stack.callback(process.kill)


@tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.1), reraise=True)
def _until_ready(server: ApiServer) -> None:
    with urllib.request.urlopen(f"{server.url}/readyz", context=server.context) as response:
        assert response.read() == b"ok"


@tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.1), reraise=True)
def _until_controlled(server: ApiServer) -> None:
    """The controllers have made the first service account, which every pod needs."""
    assert server.get("/api/v1/namespaces/default/serviceaccounts/default") is not None


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _kubeconfig(url: str, ca: Path, certificate: Path, key: Path) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "east",
        "clusters": [{"name": "c", "cluster": {"server": url, "certificate-authority": str(ca)}}],
        "users": [{"name": "u", "user": {"client-certificate": str(certificate), "client-key": str(key)}}],
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("east", "west")],
    }
