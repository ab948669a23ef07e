"""What the parts of a stack must be to each other. Pure: parts in, findings out.

Each check works on the parts that are valid by themselves, so one wrong part does not hide a clash between
two others.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from config.closest import or_list
from config.clusters import ClusterSettings, EksCluster
from config.gpu_slices import offered
from config.identity import UserSettings
from config.mesh import MeshSettings
from config.tenants import TenantSettings

Path = tuple[str | int, ...]
"""Keys and list indexes, as in YAML."""


class Charts(Protocol):
    """The keys of the chart settings that depend on each other."""

    @property
    def source(self) -> str: ...
    @property
    def mirror(self) -> str | None: ...
    @property
    def definitions(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One mistake at `path`, below the settings."""

    path: Path
    given: str
    remedy: str

    def __str__(self) -> str:
        return f"{as_key('settings', self.path)}: given {self.given}; {self.remedy}"


def check(
    *,
    clusters: Mapping[int, ClusterSettings],
    tenants: Mapping[int, TenantSettings],
    charts: Charts | None,
    layers: Mapping[int, str],
    users: Mapping[int, UserSettings],
    runs_secret_store: bool,
    mesh: MeshSettings | None,
    all_clusters: bool = True,
    all_tenants: bool = True,
) -> tuple[Finding, ...]:
    """Everything that does not fit together.

    The mappings go from the index in the settings to the part. `all_clusters` and `all_tenants` say that
    none was left out as invalid: only then can one be missing.
    """
    return (
        *_unique("clusters", {i: cluster.name for i, cluster in clusters.items()}, ("name",)),
        *_unique("clusters", {i: cluster.network.id for i, cluster in clusters.items()}, ("network", "id")),
        *_disjoint(clusters),
        *_unique_pools(clusters),
        *(_primary(clusters) if all_clusters else ()),
        *_unique("tenants", {i: tenant.name for i, tenant in tenants.items()}, ("name",)),
        *_own_tenant(tenants, all_tenants=all_tenants),
        *_told_apart(clusters, tenants),
        *(_offered(clusters, tenants) if all_clusters else ()),
        *_mirror(charts),
        *_unique("layers", layers, ()),
        *_reached_by_the_store(clusters, own=runs_secret_store and all_clusters),
        *(_in_one_mesh(clusters, mesh) if mesh and all_clusters else ()),
        *_unique("users", {i: user.username for i, user in users.items()}, ("username",), ("access",)),
        *(_in_known_teams(users, tenants) if all_tenants else ()),
    )


def as_key(root: str, path: Path) -> str:
    """A path as one would write it: `settings.clusters[1].name`; keys with dots or slashes are quoted."""
    key = root
    for part in path:
        if isinstance(part, int):
            key += f"[{part}]"
        elif part.replace("_", "").replace("-", "").isalnum():
            key += f".{part}" if key else part
        else:
            key += f"[{json.dumps(part, ensure_ascii=False)}]"
    return key


def _unique(section: str, values: Mapping[int, str], key: Path, above: Path = ()) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, value in values.items():
        if value in first:
            other = as_key("settings", (*above, section, first[value], *key))
            remedy = f"use another one: {other} has it already"
            yield Finding(path=(*above, section, index, *key), given=repr(value), remedy=remedy)
        first.setdefault(value, index)


def _unique_pools(clusters: Mapping[int, ClusterSettings]) -> Iterator[Finding]:
    for index, cluster in clusters.items():
        names = {i: pool.name for i, pool in enumerate(cluster.gpu_pools)}
        yield from _unique("gpuPools", names, ("name",), ("clusters", index))


def _disjoint(clusters: Mapping[int, ClusterSettings]) -> Iterator[Finding]:
    ranges: list[tuple[Path, str, ipaddress.IPv4Network]] = []
    for index, cluster in clusters.items():
        network: dict[Path, str] = {
            ("network", "podCidr"): cluster.network.pod_cidr,
            ("network", "serviceCidr"): cluster.network.service_cidr,
        }
        if isinstance(cluster, EksCluster):
            network["aws", "vpcCidr"] = cluster.aws.vpc_cidr
        for key, value in network.items():
            ranges.append((("clusters", index, *key), cluster.name, ipaddress.IPv4Network(value)))
    taken = [block for _, _, block in ranges]
    reported: set[Path] = set()
    for (_, name, block), (path, _, other) in combinations(ranges, 2):
        if block.overlaps(other) and path not in reported:
            reported.add(path)
            free = _free_range(other.prefixlen, taken)
            taken += [free] if free else []
            advice = f", such as '{free}'" if free else ""
            remedy = f"it overlaps with '{block}' of cluster {name!r}: use a range of its own{advice}"
            yield Finding(path=path, given=f"'{other}'", remedy=remedy)


def _free_range(prefix: int, taken: Iterable[ipaddress.IPv4Network]) -> ipaddress.IPv4Network | None:
    """A private range of that size that nothing in `taken` touches."""
    blocks = list(taken)
    candidates = ipaddress.IPv4Network("10.0.0.0/8").subnets(new_prefix=prefix)
    return next((free for free in candidates if not any(free.overlaps(block) for block in blocks)), None)


def _primary(clusters: Mapping[int, ClusterSettings]) -> Iterator[Finding]:
    if clusters and not any(cluster.role == "primary" for cluster in clusters.values()):
        remedy = "give at least one of them the role 'primary'"
        yield Finding(path=("clusters",), given="no cluster with role 'primary'", remedy=remedy)


def _own_tenant(tenants: Mapping[int, TenantSettings], *, all_tenants: bool) -> Iterator[Finding]:
    own = [index for index, tenant in tenants.items() if tenant.purpose == "platform"]
    for index in own[1:]:
        first = as_key("settings", ("tenants", own[0]))
        remedy = f"use 'dev', 'training' or 'serving': {first} is the platform's own already"
        yield Finding(path=("tenants", index, "purpose"), given="'platform'", remedy=remedy)
    if all_tenants and tenants and not own:
        remedy = "give exactly one tenant the purpose 'platform'"
        yield Finding(path=("tenants",), given="no tenant with purpose 'platform'", remedy=remedy)


def _told_apart(
    clusters: Mapping[int, ClusterSettings], tenants: Mapping[int, TenantSettings]
) -> Iterator[Finding]:
    """`<cluster>-<tenant>` names a resource, so `a` with `b-c` and `a-b` with `c` may not meet in a stack."""
    taken: dict[str, str] = {}
    for cluster in {cluster.name: cluster for cluster in clusters.values()}.values():
        for index, tenant in tenants.items():
            name = f"{cluster.name}-{tenant.name}"
            owner = taken.setdefault(name, cluster.name)
            if owner != cluster.name:
                remedy = (
                    f"rename it: cluster {owner!r} already uses the name that it gets in {cluster.name!r}"
                )
                yield Finding(path=("tenants", index, "name"), given=repr(tenant.name), remedy=remedy)


def _offered(
    clusters: Mapping[int, ClusterSettings], tenants: Mapping[int, TenantSettings]
) -> Iterator[Finding]:
    pools = [pool for cluster in clusters.values() for pool in cluster.gpu_pools]
    known = offered(pools)
    for index, tenant in tenants.items():
        for resource in tenant.quota.gpus:
            if resource not in known:
                rest = or_list(resource, known) if known else "leave it out, or add a pool"
                remedy = f"no GPU pool of any cluster offers it: {rest}"
                path: Path = ("tenants", index, "quota", "gpus", resource)
                yield Finding(path=path, given=repr(resource), remedy=remedy)


def _mirror(charts: Charts | None) -> Iterator[Finding]:
    if charts is None:
        return
    if charts.source == "mirror" and charts.mirror is None:
        remedy = "source 'mirror' needs an address, such as 'oci://registry.example.com/charts'"
        yield Finding(path=("charts", "mirror"), given="nothing", remedy=remedy)
    if charts.source != "mirror" and charts.mirror is not None:
        remedy = f"leave it out, or set source to 'mirror': source {charts.source!r} does not use it"
        yield Finding(path=("charts", "mirror"), given=repr(charts.mirror), remedy=remedy)
    if charts.source != "mirror" and charts.definitions is not None:
        remedy = f"leave it out, or set source to 'mirror': source {charts.source!r} does not use it"
        yield Finding(path=("charts", "definitions"), given=repr(charts.definitions), remedy=remedy)


def _reached_by_the_store(clusters: Mapping[int, ClusterSettings], *, own: bool) -> Iterator[Finding]:
    """The secret store asks each cluster's API server about tokens; only its own one it finds by itself."""
    silent = [i for i, cluster in clusters.items() if cluster.kind != "lab" and cluster.api_server is None]
    home = next((i for i, cluster in clusters.items() if cluster.role == "primary"), None) if own else None
    for index in silent:
        if own and index != home:
            remedy = "add url and authority: the secret store runs in the first primary cluster and asks there by name"
        elif not own and index != silent[0]:
            first = as_key("settings", ("clusters", silent[0]))
            remedy = f"add url and authority: only one cluster runs the secret store, and {first} leaves it out already"
        else:
            continue
        yield Finding(path=("clusters", index, "apiServer"), given="not given", remedy=remedy)


def _in_one_mesh(clusters: Mapping[int, ClusterSettings], mesh: MeshSettings) -> Iterator[Finding]:
    """Clusters watch each other through their API servers, by an address that is good from outside."""
    if not mesh.multi_primary:
        return
    if len(clusters) == 1:
        remedy = "leave it out, or add a second cluster: one alone has nobody to watch"
        yield Finding(path=("mesh", "multiPrimary"), given="True with one cluster", remedy=remedy)
        return
    for index, cluster in clusters.items():
        if cluster.kind != "lab" and cluster.api_server is None:
            remedy = (
                "add url and authority: with mesh.multiPrimary the other clusters watch it by that address"
            )
            yield Finding(path=("clusters", index, "apiServer"), given="not given", remedy=remedy)


def _in_known_teams(
    users: Mapping[int, UserSettings], tenants: Mapping[int, TenantSettings]
) -> Iterator[Finding]:
    known = sorted({tenant.team for tenant in tenants.values()})
    for index, user in users.items():
        for at, team in enumerate(user.teams):
            if team not in known:
                path: Path = ("access", "users", index, "teams", at)
                yield Finding(
                    path=path, given=repr(team), remedy=f"no tenant is theirs: {or_list(team, known)}"
                )
