"""One cluster's etcd: a single member, reached by its API server alone.

It writes every entry to disk before it answers: a killed lab loses nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from lab.certs import Authority, Pair, Subject, authority, leaf
from lab.folder import ClusterFolder
from lab.process import ProcessSpec
from lab.site import HOSTS, Server, Site, https_probe, trust


@dataclass(frozen=True, kw_only=True)
class EtcdTrust:
    """The authority of one etcd and the certificate with which its API server enters."""

    authority: Authority
    client: Pair


def process_name(cluster: str) -> str:
    return f"{cluster}-etcd"


def etcd_trust(folder: ClusterFolder, cluster: str) -> EtcdTrust:
    """Made on first use. The API server's is the only client certificate that this etcd accepts."""
    signer = authority(folder.pki, "etcd-ca", f"{cluster} etcd authority")
    client = leaf(signer, folder.pki, "etcd-client", Subject(name="kube-apiserver", client=True))
    return EtcdTrust(authority=signer, client=client)


def server(site: Site, cluster: str) -> Server:
    name = process_name(cluster)
    folder = site.folder.cluster(cluster)
    return Server(
        name=name,
        ports=(name, f"{name}-peer"),
        configure=lambda: _spec(site, cluster),
        probe=https_probe(f"{site.url(name)}/readyz", _context(folder, cluster)),
        tier=1,
        labels={"cluster": cluster},
    )


def _context(folder: ClusterFolder, cluster: str) -> Callable[[], ssl.SSLContext]:
    def context() -> ssl.SSLContext:
        trusted = etcd_trust(folder, cluster)
        return trust(trusted.authority.path, trusted.client)

    return context


def _spec(site: Site, cluster: str) -> ProcessSpec:
    name = process_name(cluster)
    folder = site.folder.cluster(cluster)
    trusted = etcd_trust(folder, cluster)
    serving = leaf(trusted.authority, folder.pki, "etcd", Subject(name=name, hosts=HOSTS, client=True))
    folder.etcd.mkdir(mode=0o700, parents=True, exist_ok=True)
    client_url, peer_url = site.url(name), site.url(f"{name}-peer")
    return ProcessSpec(
        name=name,
        argv=(
            str(site.tools["etcd"]),
            f"--name={cluster}",
            f"--data-dir={folder.etcd}",
            f"--listen-client-urls={client_url}",
            f"--advertise-client-urls={client_url}",
            f"--listen-peer-urls={peer_url}",
            f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster={cluster}={peer_url}",
            f"--cert-file={serving.certificate}",
            f"--key-file={serving.key}",
            "--client-cert-auth",
            f"--trusted-ca-file={trusted.authority.path}",
            f"--peer-cert-file={serving.certificate}",
            f"--peer-key-file={serving.key}",
            "--peer-client-cert-auth",
            f"--peer-trusted-ca-file={trusted.authority.path}",
            "--tls-min-version=TLS1.2",
            "--auto-compaction-mode=periodic",
            "--auto-compaction-retention=1h",
            "--quota-backend-bytes=536870912",
            "--snapshot-count=10000",
            "--log-level=warn",
        ),
        env=site.frugal_environment(),
        cwd=folder.etcd,
        log=site.folder.log(name),
        priority=100,
        reads=(serving.certificate, trusted.authority.path),
    )
