"""MS-10. Sources: Istio, "Install multi-primary on different networks"; IST0170; Cilium, "Cluster mesh"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import combinations
from typing import Final

from controls.addresses import Network, network
from controls.control import Control, Severity
from controls.fields import Fields, quoted, text
from controls.item import Item
from controls.mesh.names import charts
from controls.settings import Settings
from controls.stack import Stack

_EKS: Final = "aws:eks/cluster:Cluster"
_REMOTE: Final = "istio/multiCluster"
_CLUSTER: Final = "networking.istio.io/cluster"
_SECRETS: Final = ("Secret", "ExternalSecret.external-secrets.io")
_SHARED: Final = "SHARED_MESH_CONFIG"
_TRUST_DOMAIN: Final = "cluster.local"


def check(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    planes = {chart.cluster: chart for chart in charts(stack, "istiod") if _mesh(chart) is not None}
    if len(planes) > 1:
        yield from _same(planes)
        yield from _distinct(planes)
        yield from _roots(stack, planes, settings.mesh_root_namespace)
    yield from _cilium(stack)
    yield from _ranges(stack)
    yield from _secrets(stack, planes, frozenset(settings.mesh_hubs))


def _global(chart: Item) -> Fields:
    return chart.fields.section("values").section("global")


def _mesh(chart: Item) -> object:
    return _global(chart).value("meshID")


def _same(planes: dict[str, Item]) -> Iterator[tuple[Item, str]]:
    first, *others = planes.values()
    for other in others:
        if _mesh(other) != _mesh(first):
            yield other, "global.meshID differs from the other cluster's; use one for the mesh"
        domains = [
            one.fields.section("values").section("meshConfig").value("trustDomain") or _TRUST_DOMAIN
            for one in (first, other)
        ]
        if domains[0] != domains[1]:
            yield other, "meshConfig.trustDomain differs from the other cluster's; use one for the mesh"


def _distinct(planes: dict[str, Item]) -> Iterator[tuple[Item, str]]:
    names = [(one, _global(one).section("multiCluster").value("clusterName")) for one in planes.values()]
    yield from _repeated(names, "global.multiCluster.clusterName")
    yield from _repeated([(one, _global(one).value("network")) for one in planes.values()], "global.network")


def _roots(stack: Stack, planes: dict[str, Item], namespace: str) -> Iterator[tuple[Item, str]]:
    """Every control plane believes the same roots: of its plug-in CA, and of the mesh configuration that it shares."""
    shared = {text(chart.fields.section("values").section("env").value(_SHARED)) for chart in planes.values()}
    for kind, name, key in [
        ("Secret", "cacerts", "root-cert.pem"),
        *(("ConfigMap", one, "mesh") for one in shared),
    ]:
        found = [
            (one, _entry(one, key))
            for cluster in planes
            if (one := stack.find(kind, name, (cluster, namespace))) is not None
        ]
        for one, value in found[1:]:
            if value != found[0][1]:
                yield one, f"its {key} differs from the other cluster's; give every cluster the same roots"


def _entry(item: Item, key: str) -> object:
    plain = item.fields.section("stringData").value(key)
    return item.fields.section("data").value(key) if plain is None else plain


def _cilium(stack: Stack) -> Iterator[tuple[Item, str]]:
    """An id of 0 stands for a cluster that is in no cluster mesh."""
    clusters = [(one, one.fields.section("values").section("cluster")) for one in charts(stack, "cilium")]
    if len(clusters) > 1:
        yield from _repeated([(one, cluster.value("name")) for one, cluster in clusters], "cluster.name")
        ids = [
            (one, cluster.value("id")) for one, cluster in clusters if cluster.value("id") not in (None, 0)
        ]
        yield from _repeated(ids, "cluster.id")


def _repeated(values: list[tuple[Item, object]], key: str) -> Iterator[tuple[Item, str]]:
    seen: set[Hashable] = set()
    for item, value in values:
        if not isinstance(value, str | int | float) or value == "":
            yield item, f"{key} is not set, or not known; give every cluster its own"
        elif value in seen:
            yield item, f"{key} is another cluster's as well; give every cluster its own"
        else:
            seen.add(value)


def _ranges(stack: Stack) -> Iterator[tuple[Item, str]]:
    found: dict[str, list[tuple[Item, Network]]] = defaultdict(list)
    for chart in charts(stack, "cilium"):
        operator = chart.fields.section("values").section("ipam").section("operator")
        for cidr in operator.values("clusterPoolIPv4PodCIDRList"):
            found[chart.cluster] += _range(chart, cidr)
    for cluster in stack.of(_EKS):
        name = cluster.given_name
        config = cluster.fields.section("kubernetesNetworkConfig")
        found[name] += _range(cluster, config.value("serviceIpv4Cidr"))
    for one, other in combinations(found, 2):
        for _, first in found[one]:
            for item, second in found[other]:
                if first.version == second.version and first.overlaps(second):
                    yield (
                        item,
                        f"a pod or service range is also that of cluster {quoted(one)}; keep them disjoint",
                    )


def _range(owner: Item, cidr: object) -> list[tuple[Item, Network]]:
    found = network(cidr)
    return [] if found is None else [(owner, found)]


def _secrets(stack: Stack, planes: dict[str, Item], hubs: frozenset[str]) -> Iterator[tuple[Item, str]]:
    """Where one cluster reaches another, every cluster of the mesh reaches every other, or the hubs and they it."""
    remote: dict[str, set[str]] = defaultdict(set)
    holders: dict[str, Item] = {}
    for secret in stack.of(*_SECRETS):
        target = secret.spec.section("target").section("template")
        metadata = target.section("metadata") if secret.type != "Secret" else secret.metadata
        if metadata.section("labels").value(_REMOTE) not in ("true", True):
            continue
        holders.setdefault(secret.cluster, secret)
        annotated = text(metadata.section("annotations").value(_CLUSTER))
        for holder in (target, secret.fields):
            for key in ("data", "stringData"):
                remote[secret.cluster] |= {name for name, _ in holder.section(key).present()}
        remote[secret.cluster] |= {annotated} - {""}
    members = dict.fromkeys([*planes, *holders, *(name for names in remote.values() for name in names)])
    for cluster in members if remote else ():
        wanted = members if not hubs or cluster in hubs else hubs & members.keys()
        missing = [name for name in wanted if name not in (cluster, *remote.get(cluster, ()))]
        at = holders.get(cluster) or planes.get(cluster) or next(iter(holders.values()))
        for name in sorted(missing):
            yield at, f"cluster {quoted(cluster)} has no remote secret for cluster {quoted(name)}; add one"


def _chart(cluster: str, network: str) -> str:
    return f"""\
type: kubernetes:helm.sh/v4:Chart
name: {cluster}-istiod
properties:
  chart: istiod
  values: {{global: {{meshID: ml, network: {network}, multiCluster: {{clusterName: {cluster}}}}}}}
options: {{provider: {cluster}}}
"""


BAD = f"{_chart('east', 'one')}---\n{_chart('west', 'one')}"

GOOD = f"{_chart('east', 'one')}---\n{_chart('west', 'two')}"

CONTROL = Control(
    id="MS-10",
    title=(
        "Multi-primary: same meshID, trust domain and root CA; distinct cluster, network and Cilium cluster ids; pod "
        "and service CIDRs disjoint; a remote secret for each pair"
    ),
    severity=Severity.CRITICAL,
    anchors=("Istio multi-primary install docs", "IST0170"),
    why="Two clusters of one name or network take each other's endpoints for their own, and traffic gets lost.",
    fix="Derive mesh id, networks and secrets of all clusters from one list.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
