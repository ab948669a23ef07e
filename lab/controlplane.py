"""One cluster's API server, controller manager and scheduler.

Nothing is loosened for the lab: TLS with client certificates, RBAC and Node authorization, Pod Security,
secrets encrypted at rest, an audit log, anonymous requests only for the health endpoints.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

from lab import etcd, keycloak
from lab.apiserver_config import Issuer, write_configuration
from lab.certs import Authority, Pair, Subject, authority, leaf, signing_key
from lab.folder import LabFolder, write_private
from lab.kubeconfig import Access, document
from lab.ports import LOOPBACK
from lab.process import ProcessSpec
from lab.site import HOSTS, Server, Site, https_probe, trust
from lab.topology import Cluster

CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
_ISSUER = "https://kubernetes.default.svc.cluster.local"


def api_name(cluster: str) -> str:
    return f"{cluster}-apiserver"


def client_authority(folder: LabFolder, cluster: str) -> Authority:
    """Who signs the client certificates of this cluster's API server."""
    return authority(folder.cluster(cluster).pki, "client-ca", f"{cluster} client authority")


def client(folder: LabFolder, cluster: str, stem: str, name: str, groups: tuple[str, ...] = ()) -> Pair:
    """A client certificate for this cluster's API server."""
    signer = client_authority(folder, cluster)
    return leaf(signer, folder.cluster(cluster).pki, stem, Subject(name=name, groups=groups, client=True))


def component_kubeconfig(site: Site, cluster: str, component: str, user: str) -> Path:
    """The kubeconfig with which a component enters the API server, as `user` and nobody else."""
    pair = client(site.folder, cluster, component, user)
    access = Access(
        cluster=cluster, server=site.url(api_name(cluster)), authority=site.authority.path, pair=pair
    )
    path = site.folder.cluster(cluster).component_kubeconfig(component)
    write_private(path, document([access]))
    return path


def servers(site: Site, cluster: Cluster) -> tuple[Server, ...]:
    """API server, controller manager and scheduler, in this order."""
    return (_api_server(site, cluster), _controller_manager(site, cluster), _scheduler(site, cluster))


def _api_server(site: Site, cluster: Cluster) -> Server:
    name = api_name(cluster.name)
    return Server(
        name=name,
        ports=(name,),
        configure=lambda: _api_spec(site, cluster),
        probe=https_probe(f"{site.url(name)}/readyz", lambda: trust(site.authority.path)),
        after=(etcd.process_name(cluster.name),),
        tier=2,
        labels={"cluster": cluster.name},
    )


def _api_spec(site: Site, cluster: Cluster) -> ProcessSpec:
    name = api_name(cluster.name)
    folder = site.folder.cluster(cluster.name)
    store = etcd.etcd_trust(folder, cluster.name)
    first_service = ipaddress.ip_network(cluster.service_cidr)[1]
    hosts = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", str(first_service))
    serving = leaf(
        site.authority,
        folder.pki,
        "apiserver",
        Subject(name=name, hosts=(*HOSTS, *hosts, "kubernetes.default.svc.cluster.local")),
    )
    clients = client_authority(site.folder, cluster.name)
    tokens = signing_key(folder.pki / "service-accounts.key")
    issuer = Issuer(url=keycloak.issuer(site), authority=site.folder.ca.read_text(encoding="ascii"))
    files = write_configuration(site.folder, cluster.name, issuer)
    return ProcessSpec(
        name=name,
        argv=(
            str(site.tools["kube-apiserver"]),
            f"--bind-address={LOOPBACK}",
            f"--secure-port={site.ports[name]}",
            f"--advertise-address={LOOPBACK}",
            "--endpoint-reconciler-type=none",
            f"--etcd-servers={site.url(etcd.process_name(cluster.name))}",
            f"--etcd-cafile={store.authority.path}",
            f"--etcd-certfile={store.client.certificate}",
            f"--etcd-keyfile={store.client.key}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            "--tls-min-version=VersionTLS12",
            f"--client-ca-file={clients.path}",
            f"--authentication-config={files.authentication}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--encryption-provider-config={files.encryption}",
            f"--audit-policy-file={files.audit_policy}",
            f"--audit-log-path={folder.audit_log}",
            "--audit-log-maxsize=50",
            "--audit-log-maxbackup=2",
            f"--service-cluster-ip-range={cluster.service_cidr}",
            f"--service-account-issuer={_ISSUER}",
            f"--service-account-signing-key-file={tokens}",
            f"--service-account-key-file={tokens.with_suffix('.pub')}",
            "--allow-privileged=true",
            "--profiling=false",
            "--shutdown-delay-duration=0s",
        ),
        env=site.frugal_environment(),
        cwd=folder.root,
        log=site.folder.log(name),
        priority=200,
        stop_seconds=10,
        reads=(
            serving.certificate,
            store.client.certificate,
            store.authority.path,
            clients.path,
            tokens,
            files.authentication,
            files.encryption,
            files.audit_policy,
        ),
    )


def _controller_manager(site: Site, cluster: Cluster) -> Server:
    name = f"{cluster.name}-controller-manager"
    return Server(
        name=name,
        ports=(name,),
        configure=lambda: _controller_manager_spec(site, cluster, name),
        probe=https_probe(f"{site.url(name)}/healthz", lambda: trust(site.authority.path)),
        after=(api_name(cluster.name),),
        tier=3,
        labels={"cluster": cluster.name},
    )


def _controller_manager_spec(site: Site, cluster: Cluster, name: str) -> ProcessSpec:
    folder = site.folder.cluster(cluster.name)
    kubeconfig = component_kubeconfig(site, cluster.name, CONTROLLER_MANAGER, f"system:{CONTROLLER_MANAGER}")
    serving = leaf(site.authority, folder.pki, "controller-manager-serving", Subject(name=name, hosts=HOSTS))
    signer = client_authority(site.folder, cluster.name)
    return ProcessSpec(
        name=name,
        argv=(
            str(site.tools[CONTROLLER_MANAGER]),
            *_component_flags(site, name, kubeconfig, serving),
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={folder.pki / 'service-accounts.key'}",
            f"--root-ca-file={site.authority.path}",
            f"--cluster-signing-cert-file={signer.path}",
            f"--cluster-signing-key-file={signer.path.with_suffix('.key')}",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={cluster.pod_cidr}",
            f"--service-cluster-ip-range={cluster.service_cidr}",
            f"--cluster-name={cluster.name}",
        ),
        env=site.frugal_environment(),
        cwd=folder.root,
        log=site.folder.log(name),
        priority=300,
        stop_seconds=10,
        reads=(kubeconfig, serving.certificate, signer.path),
    )


def _scheduler(site: Site, cluster: Cluster) -> Server:
    name = f"{cluster.name}-scheduler"
    return Server(
        name=name,
        ports=(name,),
        configure=lambda: _scheduler_spec(site, cluster, name),
        probe=https_probe(f"{site.url(name)}/healthz", lambda: trust(site.authority.path)),
        after=(api_name(cluster.name),),
        tier=3,
        labels={"cluster": cluster.name},
    )


def _scheduler_spec(site: Site, cluster: Cluster, name: str) -> ProcessSpec:
    folder = site.folder.cluster(cluster.name)
    kubeconfig = component_kubeconfig(site, cluster.name, SCHEDULER, f"system:{SCHEDULER}")
    serving = leaf(site.authority, folder.pki, "scheduler-serving", Subject(name=name, hosts=HOSTS))
    return ProcessSpec(
        name=name,
        argv=(str(site.tools[SCHEDULER]), *_component_flags(site, name, kubeconfig, serving)),
        env=site.frugal_environment(),
        cwd=folder.root,
        log=site.folder.log(name),
        priority=300,
        stop_seconds=10,
        reads=(kubeconfig, serving.certificate),
    )


def _component_flags(site: Site, name: str, kubeconfig: Path, serving: Pair) -> tuple[str, ...]:
    """One instance each, so no leader election: a killed one is back at once and waits for no lease."""
    return (
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={site.ports[name]}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        "--tls-min-version=VersionTLS12",
        "--leader-elect=false",
        "--profiling=false",
    )
