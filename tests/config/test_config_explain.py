"""Each test breaks valid settings in one way and expects its place, what was given and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from config.explain import problems_of
from config.source import Source

Data = dict[str, Any]
NOWHERE = Source(file="Pulumi.dev.yaml", lines={})


def refused(data: Any) -> list[tuple[str, str, str]]:
    return [(problem.key, problem.given, problem.remedy) for problem in problems_of(data, NOWHERE)]


def only(data: Any) -> tuple[str, str, str]:
    found = refused(data)
    assert len(found) == 1, found
    return found[0]


def put(data: Data, path: str, value: Any) -> Data:
    """Sets `a.0.b`; a value of `...` takes the key away."""
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    here: Any = data
    for part in above:
        here = here[part]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return data


def test_valid_settings_have_no_problems(data: Data) -> None:
    assert refused(data) == []


@pytest.mark.parametrize(
    ("path", "value", "key", "given", "remedy"),
    [
        ("clustrs", [], "settings.clustrs", "given an unknown key", "did you mean 'clusters'?"),
        (
            "clusters.1.network.podCdir",
            "10.0.0.0/16",
            "settings.clusters[1].network.podCdir",
            "given an unknown key",
            "did you mean 'podCidr'? allowed are 'id', 'podCidr', 'serviceCidr'",
        ),
        (
            "clusters.0.gpuPools.0.gpuPerNode",
            4,
            "settings.clusters[0].gpuPools[0].gpuPerNode",
            "given an unknown key",
            "did you mean 'gpusPerNode'?",
        ),
        (
            "network",
            {"trust": {"vault": {"sining": 1}}},
            "settings.network.trust.vault.sining",
            "given an unknown key",
            "did you mean 'signing'? allowed are 'signing', 'trusted'",
        ),
        (
            "mesh",
            {"versions": ["0.1.0"]},
            "settings.mesh.versions[0]",
            "given '0.1.0'",
            "the catalogue has no charts for it",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "profiles": ["1g.10gb"]},
            "settings.clusters[0].gpuPools[0].sharing.profiles",
            "given a list",
            "use a mapping",
        ),
        (
            "clusters.0.gpuPools.0.nodes",
            10**9,
            "settings.clusters[0].gpuPools[0].nodes",
            "given 1000000000",
            "use at most 5000",
        ),
        ("tracking.bucket", ..., "settings.tracking.bucket", "not given", "add it"),
        ("tracking.replicas", "2", "settings.tracking.replicas", "given '2'", "whole number, without quotes"),
        ("tracking.replicas", 0, "settings.tracking.replicas", "given 0", "use at least 1"),
        ("tracking.replicas", 1.0, "settings.tracking.replicas", "given 1.0", "use a whole number"),
        ("tracking.replicas", True, "settings.tracking.replicas", "given True", "use a whole number"),
        ("tracking.replicas", None, "settings.tracking.replicas", "given nothing", "use a whole number"),
        ("tracking.database.port", 70000, "settings.tracking.database.port", "given 70000", "at most 65535"),
        ("tracking.database", "db", "settings.tracking.database", "given 'db'", "use a mapping"),
        ("tracking.database.host", "db", "settings.tracking.database.host", "given 'db'", "db.example.com"),
        ("charts.source", "Mirror", "settings.charts.source", "given 'Mirror'", "did you mean 'mirror'?"),
        ("charts.source", None, "settings.charts.source", "given nothing", "'upstream', 'mirror', 'none'"),
        ("charts.source", False, "settings.charts.source", "given False", "use one of"),
        ("secrets.backend", "vaullt", "settings.secrets.backend", "given 'vaullt'", "did you mean 'vault'?"),
        ("clusters", [], "settings.clusters", "given an empty list", "give at least 1"),
        ("clusters", {}, "settings.clusters", "given an empty mapping", "use a list"),
        ("clusters.0", None, "settings.clusters[0]", "given nothing", "use a mapping of keys to values"),
        ("clusters.0.kind", "labb", "settings.clusters[0].kind", "given 'labb'", "did you mean 'lab'?"),
        ("clusters.0.kind", ..., "settings.clusters[0].kind", "not given", "add 'kind'"),
        ("clusters.0.name", 7, "settings.clusters[0].name", "given 7", "use a text"),
        ("clusters.0.name", "East", "settings.clusters[0].name", "given 'East'", "lower-case letters"),
        ("clusters.0.role", "main", "settings.clusters[0].role", "given 'main'", "'primary', 'workload'"),
        (
            "clusters.0.network.podCidr",
            "10.10.1.0/16",
            "settings.clusters[0].network.podCidr",
            "given '10.10.1.0/16'",
            "did you mean '10.10.0.0/16'?",
        ),
        (
            "clusters.0.gpuPools.0.model",
            "H100-80G",
            "settings.clusters[0].gpuPools[0].model",
            "given 'H100-80G'",
            "did you mean 'H100-80GB'?",
        ),
        (
            "clusters.0.gpuPools.0.gpusPerNode",
            17,
            "settings.clusters[0].gpuPools[0].gpusPerNode",
            "given 17",
            "use at most 16",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "timeslicing", "replicas": 2},
            "settings.clusters[0].gpuPools[0].sharing.strategy",
            "given 'timeslicing'",
            "did you mean 'time-slicing'?",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "time-slicing", "replicas": 49},
            "settings.clusters[0].gpuPools[0].sharing.replicas",
            "given 49",
            "use at most 48",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mps", "replica": 2, "replicas": 2},
            "settings.clusters[0].gpuPools[0].sharing.replica",
            "given an unknown key",
            "did you mean 'replicas'?",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "time-slicing", "replicas": 0},
            "settings.clusters[0].gpuPools[0].sharing.replicas",
            "given 0",
            "use at least 2",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mps", "replicas": 4, "profiles": {"1g.10gb": 7}},
            "settings.clusters[0].gpuPools[0].sharing.profiles",
            "given profiles with 'mps'",
            "device plugin refuses MPS on a GPU with MIG enabled",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "replicas": 4, "profiles": {"1g.10gb": 7}},
            "settings.clusters[0].gpuPools[0].sharing.replicas",
            "given 4",
            "device plugin refuses MPS on a GPU with MIG enabled",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "profiles": {"1g.10gb": 8}},
            "settings.clusters[0].gpuPools[0].sharing.profiles",
            "given {1g.10gb: 8}",
            "nearest possible is {1g.10gb: 7}",
        ),
        (
            "clusters.0.gpuPools.0.pricePerGpuHour",
            0,
            "settings.clusters[0].gpuPools[0].pricePerGpuHour",
            "given 0",
            "0",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "profiles": {}},
            "settings.clusters[0].gpuPools[0].sharing.profiles",
            "given an empty mapping",
            "give at least 1",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "profiles": {"1g.10gb": "7"}},
            'settings.clusters[0].gpuPools[0].sharing.profiles["1g.10gb"]',
            "given '7'",
            "without quotes",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "profiles": {"1g.5gb": 7}},
            "settings.clusters[0].gpuPools[0].sharing.profiles",
            "given '1g.5gb'",
            "H100-80GB does not offer it: did you mean",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "profiles": {"3g.40gb": 2, "1g.10gb": 1}},
            "settings.clusters[0].gpuPools[0].sharing.profiles",
            "given {3g.40gb: 2, 1g.10gb: 1}",
            "nearest possible is {3g.40gb: 2}",
        ),
        (
            "clusters.0.gpuPools.0.sharing",
            {"strategy": "mig", "layout": "single", "profiles": {"3g.40gb": 1, "1g.10gb": 1}},
            "settings.clusters[0].gpuPools[0].sharing.layout",
            "given 'single' with {3g.40gb: 1, 1g.10gb: 1}",
            "use 'mixed', or one profile",
        ),
        (
            "clusters.0.gpuPools.0",
            {
                "name": "l4",
                "model": "L4-24GB",
                "purpose": "dev",
                "nodes": 1,
                "gpusPerNode": 1,
                "sharing": {"strategy": "mig", "profiles": {"1g.5gb": 1}},
            },
            "settings.clusters[0].gpuPools[0].sharing.strategy",
            "given 'mig'",
            "L4-24GB has no MIG: use strategy 'time-slicing', 'mps' or 'whole'",
        ),
        (
            "tenants.1.quota.gpus",
            {"nvidia.com/gpu": -1},
            'settings.tenants[1].quota.gpus["nvidia.com/gpu"]',
            "given -1",
            "use at least 0",
        ),
        (
            "tenants.1.quota.gpus",
            {"gpu": 1},
            "settings.tenants[1].quota.gpus.gpu",
            "given 'gpu'",
            "use an extended resource such as 'nvidia.com/gpu'",
        ),
        ("tenants.1.quota.cpu", "many", "settings.tenants[1].quota.cpu", "given 'many'", "quantity"),
        ("tenants.1.team", "ml team", "settings.tenants[1].team", "given 'ml team'", "at most 63 letters"),
        ("layers", ["monitor"], "settings.layers[0]", "given 'monitor'", "did you mean 'monitoring'?"),
        ("access.keycloak", "http://id.x.com", "settings.access.keycloak", "'http://id.x.com'", "https://"),
        (
            "access.keycloak",
            "https://id.x.com/",
            "settings.access.keycloak",
            "id.x.com/'",
            "leave out the '/'",
        ),
        ("access.1", 2, "settings.access[1]", "given", "use a text as key"),
    ],
)
def test_one_mistake_is_refused_with_its_place_and_remedy(
    data: Data, path: str, value: Any, key: str, given: str, remedy: str
) -> None:
    found = only(put(data, path, value))
    assert found[0] == key
    assert given in found[1]
    assert remedy in found[2]


@pytest.mark.parametrize(
    ("changes", "key", "given", "remedy"),
    [
        (
            {"clusters.1.name": "east"},
            "settings.clusters[1].name",
            "given 'east'",
            "use another one: settings.clusters[0].name has it already",
        ),
        (
            {"clusters.1.network.id": "net-east"},
            "settings.clusters[1].network.id",
            "given 'net-east'",
            "settings.clusters[0].network.id has it already",
        ),
        (
            {"clusters.1.network.podCidr": "10.0.0.0/12"},
            "settings.clusters[1].network.podCidr",
            "given '10.0.0.0/12'",
            "overlaps with '10.10.0.0/16' of cluster 'east': use a range of its own, such as '10.32.0.0/12'",
        ),
        (
            {"clusters.0.network.serviceCidr": "10.10.8.0/22"},
            "settings.clusters[0].network.serviceCidr",
            "given '10.10.8.0/22'",
            "overlaps with '10.10.0.0/16' of cluster 'east'",
        ),
        (
            {"clusters.0.role": "workload", "clusters.1.role": "workload"},
            "settings.clusters",
            "given no cluster with role 'primary'",
            "give at least one of them the role 'primary'",
        ),
        (
            {"tenants.1.name": "mlops-platform"},
            "settings.tenants[1].name",
            "given 'mlops-platform'",
            "settings.tenants[0].name has it already",
        ),
        (
            {"clusters.1.name": "east-mlops", "tenants.0.name": "mlops-dev", "tenants.1.name": "dev"},
            "settings.tenants[1].name",
            "given 'dev'",
            "cluster 'east' already uses the name that it gets in 'east-mlops'",
        ),
        (
            {"tenants.1.purpose": "platform"},
            "settings.tenants[1].purpose",
            "given 'platform'",
            "settings.tenants[0] is the platform's own already",
        ),
        (
            {"tenants.0.purpose": "dev"},
            "settings.tenants",
            "given no tenant with purpose 'platform'",
            "exactly one tenant",
        ),
        (
            {"tenants.1.quota.gpus": {"nvidia.com/gpu.shared": 1}},
            'settings.tenants[1].quota.gpus["nvidia.com/gpu.shared"]',
            "given 'nvidia.com/gpu.shared'",
            "no GPU pool of any cluster offers it: did you mean 'nvidia.com/gpu'?",
        ),
        (
            {"tenants.1.quota.gpus": {"nvidia.com/gpu": 1}, "clusters.0.gpuPools": []},
            'settings.tenants[1].quota.gpus["nvidia.com/gpu"]',
            "given 'nvidia.com/gpu'",
            "leave it out, or add a pool",
        ),
        ({"charts.source": "mirror"}, "settings.charts.mirror", "given nothing", "needs an address"),
        (
            {"charts.definitions": "https://mirror.example.com/definitions"},
            "settings.charts.definitions",
            "given 'https://mirror.example.com/definitions'",
            "leave it out, or set source to 'mirror'",
        ),
        (
            {"charts.mirror": "oci://mirror.example.com/charts"},
            "settings.charts.mirror",
            "given 'oci://mirror.example.com/charts'",
            "leave it out, or set source to 'mirror'",
        ),
        (
            {"layers": ["logging", "monitoring", "logging"]},
            "settings.layers[2]",
            "given 'logging'",
            "settings.layers[0] has it already",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(
    data: Data, changes: Data, key: str, given: str, remedy: str
) -> None:
    for path, value in changes.items():
        put(data, path, value)
    found = only(data)
    assert found[:2] == (key, given)
    assert remedy in found[2]


def test_each_overlap_is_offered_a_free_range_of_its_own(data: Data) -> None:
    put(data, "clusters.1.network", {"id": "w", "podCidr": "10.10.0.0/16", "serviceCidr": "10.11.0.0/16"})
    remedies = [remedy for _, _, remedy in refused(data)]
    assert [remedy.rpartition("such as ")[2] for remedy in remedies] == ["'10.0.0.0/16'", "'10.1.0.0/16'"]


def test_two_pools_of_one_cluster_need_two_names_but_clusters_may_repeat_them(data: Data, pool: Data) -> None:
    data["clusters"][1]["gpuPools"] = [pool]
    assert refused(data) == []
    data["clusters"][1]["gpuPools"] = [pool, pool]
    assert only(data)[0] == "settings.clusters[1].gpuPools[1].name"


def test_mistakes_inside_and_between_sections_are_reported_together(data: Data) -> None:
    put(data, "clusters.1.name", "east")
    put(data, "clusters.1.network.podCidr", "10.10.0.0/16")
    put(data, "tenants.1.quota.pods", "many")
    put(data, "charts.source", "mirror")
    put(data, "colour", "red")
    assert [key for key, _, _ in refused(data)] == [
        "settings.tenants[1].quota.pods",
        "settings.colour",
        "settings.clusters[1].name",
        "settings.clusters[1].network.podCidr",
        "settings.charts.mirror",
    ]


def test_a_wrong_part_does_not_make_others_look_missing(data: Data) -> None:
    put(data, "clusters.0.role", "main")
    put(data, "clusters.1.role", "workload")
    put(data, "tenants.0.team", "")
    assert [key for key, _, _ in refused(data)] == ["settings.clusters[0].role", "settings.tenants[0].team"]


def test_problems_stand_in_the_order_of_the_file(data: Data) -> None:
    put(data, "clusters.1.name", "east")
    put(data, "tracking.replicas", 0)
    put(data, "clusters.0.role", "main")
    lines = {(): 1, ("clusters", 0, "role"): 5, ("clusters", 1, "name"): 9, ("tracking", "replicas"): 30}
    found = problems_of(data, Source(file="f", lines=lines))
    assert [problem.line for problem in found] == [5, 30]
    put(data, "clusters.0.role", "primary")
    found = problems_of(data, Source(file="f", lines=lines))
    assert [problem.line for problem in found] == [9, 30]


@pytest.mark.parametrize("given", [None, [], "settings", 3])
def test_settings_that_are_no_mapping_are_refused(given: Any) -> None:
    key, _, remedy = only(given)
    assert key == "settings"
    assert remedy == "use a mapping of keys to values"


def test_an_encrypted_value_is_refused_because_settings_hold_no_secrets(data: Data) -> None:
    put(data, "tracking.database", {"secure": "v1:AAAA", "host": "db.example.com", "port": 1})
    key, given, remedy = only(data)
    assert (key, given) == ("settings.tracking.database.secure", "given an encrypted value")
    assert "settings hold no secrets" in remedy


def test_credentials_in_an_address_do_not_reach_the_message(data: Data) -> None:
    put(data, "access.keycloak", "https://admin:hunter2@id.example.com")
    _, given, _ = only(data)
    assert given == "given 'https://[hidden]@id.example.com'"


def test_keys_that_are_no_text_are_named_even_below_each_other(data: Data) -> None:
    """YAML reads `null:` and `-1:` as what they look like."""
    data["clusters"][0]["gpuQueues"] = [{"team": "vision", "quotas": {None: {-1: 5}}}]
    found = [problem.key for problem in problems_of(data, NOWHERE)]
    assert "settings.clusters[0].gpuQueues[0].quotas.None" in found


def test_a_long_or_many_line_value_stays_short_and_on_one_line(data: Data) -> None:
    put(data, "tracking.bucket", "x\n" * 500)
    (problem,) = problems_of(data, NOWHERE)
    assert "\n" not in str(problem)
    assert len(str(problem)) < 250


def on_eks(data: Data, *api_servers: str | None) -> Data:
    admins = ["arn:aws:iam::123456789012:role/deployer"]
    for index, (cluster, url) in enumerate(zip(data["clusters"], api_servers, strict=True)):
        aws = {"account": "123456789012", "vpcCidr": f"10.{96 + index}.0.0/16", "admins": admins}
        cluster |= {"kind": "eks", "region": "eu-central-1", "aws": aws}
        if url:
            cluster["apiServer"] = {"url": url}
    return data


def test_the_secret_store_finds_one_api_server_by_itself_and_is_told_the_others(data: Data) -> None:
    key, given, remedy = only(on_eks(data, None, None))
    assert (key, given) == ("settings.clusters[1].apiServer", "not given")
    assert "settings.clusters[0] leaves it out already" in remedy


def test_a_secret_store_of_our_own_finds_the_api_server_of_its_own_cluster_alone(data: Data) -> None:
    seal = {"region": "eu-central-1", "keyId": "alias/x", "role": "arn:aws:iam::123456789012:role/x"}
    put(data, "secrets.server", {"storageClass": "gp3", "seal": seal})
    assert refused(on_eks(data, None, "https://west.example.com")) == []
    data["clusters"][1].pop("apiServer")
    data["clusters"][0]["apiServer"] = {"url": "https://east.example.com"}
    key, _, remedy = only(data)
    assert key == "settings.clusters[1].apiServer"
    assert "runs in the first primary cluster" in remedy
