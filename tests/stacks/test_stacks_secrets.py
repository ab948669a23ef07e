from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any

import pytest

from components.mesh.remote_client import client_name
from config.access import Role
from config.applications import APPLICATIONS
from config.schema import PlatformSettings
from stacks.edges import watched
from stacks.platform import build
from stacks.secrets import MLFLOW_POLICY, OPERATOR_POLICY, workload_accounts, workload_rules
from stacks.trust import reviewers
from tests.components.secret_values import in_the_open, revealed
from tests.recorder import Recorder, run
from tests.stacks.conftest import settings_of
from tests.stacks.stack_objects import accounts, name, of_kind, of_type
from tests.stacks.stack_world import AUTHORITY, DATABASE_PASSWORD, HOSTS, ISSUER

LONGEST = 3600
"""Seconds that a login may live (SE-04)."""


def backend_of(cluster: str) -> str:
    return f"kubernetes-{cluster}"


def logins(recorded: Recorder) -> list[dict[str, Any]]:
    """Roles of the Kubernetes logins of all clusters."""
    return [
        one.inputs for one in of_type(recorded, "AuthBackendRole") if one.type.startswith("vault:kubernetes")
    ]


def configs(recorded: Recorder) -> dict[str, dict[str, Any]]:
    return {one.inputs["backend"]: one.inputs for one in of_type(recorded, "AuthBackendConfig")}


def policies(recorded: Recorder) -> dict[str, str]:
    return {
        one.inputs["name"]: one.inputs["policy"]
        for one in of_type(recorded, "Policy")
        if one.type.startswith("vault:")
    }


def test_each_cluster_has_a_login_of_its_own(recorded: Recorder, settings: PlatformSettings) -> None:
    expected = {backend_of(cluster.name) for cluster in settings.clusters}
    made = [
        one.inputs["path"] for one in of_type(recorded, "AuthBackend") if one.inputs["type"] == "kubernetes"
    ]
    assert sorted(made) == sorted(expected)
    assert configs(recorded).keys() == {one["backend"] for one in logins(recorded)} == expected


def test_no_cluster_asks_for_its_clients_secret_before_it_is_kept(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    stores = {one.provider: one for one in recorded.kubernetes if one.inputs["kind"] == "SecretStore"}
    watching = {one.name for one in settings.clusters if watched(settings, one)}
    assert watching <= stores.keys()
    for cluster in watching:
        assert f"client-secrets-{client_name(cluster)}" in stores[cluster].dependencies


def test_a_login_takes_exactly_one_account_that_its_cluster_has(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    known = accounts(recorded)
    for cluster in settings.clusters:
        own = [one for one in logins(recorded) if one["backend"] == backend_of(cluster.name)]
        taken = []
        for one in own:
            (account,) = one["boundServiceAccountNames"]
            (namespace,) = one["boundServiceAccountNamespaces"]
            taken.append((cluster.name, namespace, account))
            assert 0 < one["tokenTtl"] <= one["tokenMaxTtl"] <= LONGEST
        wanted = [(one.namespace, one.name) for one in workload_accounts(settings, cluster).values()]
        assert sorted(taken) == sorted((cluster.name, *one) for one in (*wanted, *reviewers(settings)))
        assert set(taken) <= known


def test_a_login_gives_one_policy_that_exists(recorded: Recorder) -> None:
    for one in logins(recorded):
        (policy,) = one["tokenPolicies"]
        assert policy in policies(recorded)


def test_exactly_the_accounts_that_log_in_may_have_a_token_reviewed(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    """And the store itself, in the cluster that it runs in."""
    wanted = {
        *((one.namespace, one.name) for one in workload_accounts(settings, settings.clusters[0]).values()),
        *reviewers(settings),
    }
    for one in of_kind(recorded, "ClusterRoleBinding"):
        if name(one) == "mlops:token-review":
            found = {(subject["namespace"], subject["name"]) for subject in one.inputs["subjects"]}
            assert found - {("vault", "vault")} == wanted


def test_the_api_server_of_a_lab_is_asked_where_it_answers(in_lab: Recorder) -> None:
    found = configs(in_lab)
    for cluster in ("east", "west"):
        config = found[backend_of(cluster)]
        assert config["kubernetesHost"] == f"https://{HOSTS[f'{cluster}.lab.internal:6443']}"
        assert config["kubernetesCaCert"] == AUTHORITY
        assert config["disableLocalCaJwt"] is True


def test_other_api_servers_are_asked_at_the_address_of_the_settings() -> None:
    settings = settings_of("prod")
    asked = {
        cluster: config["kubernetesHost"]
        for cluster, config in configs(run(lambda: build(settings), "prod")).items()
    }
    assert asked == {
        "kubernetes-prod-eu": "https://kubernetes.default.svc",
        "kubernetes-prod-us": "https://prod-us.k8s.mlops.example.com",
    }


def test_no_credential_of_a_cluster_is_kept_in_the_store(recorded: Recorder) -> None:
    for config in configs(recorded).values():
        assert not {"tokenReviewerJwt", "tokenReviewerJwtWo"} & config.keys()


def people_backend(recorded: Recorder) -> dict[str, Any]:
    (found,) = [one.inputs for one in of_type(recorded, "AuthBackend") if one.inputs["type"] == "oidc"]
    return found


def test_people_log_in_by_the_realm(recorded: Recorder, settings: PlatformSettings) -> None:
    found = people_backend(recorded)
    assert found["oidcDiscoveryUrl"] == found["boundIssuer"] == settings.access.issuer
    assert "oidcDiscoveryCaPem" not in found


def test_on_a_lab_people_log_in_where_its_keycloak_answers(in_lab: Recorder) -> None:
    found = people_backend(in_lab)
    assert found["oidcDiscoveryUrl"] == found["boundIssuer"] == ISSUER
    assert found["oidcDiscoveryCaPem"] == AUTHORITY


def test_people_come_back_to_the_addresses_that_the_realm_allows_the_store(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    roles = [one.inputs for one in of_type(recorded, "AuthBackendRole") if one.type.startswith("vault:jwt")]
    (vault,) = [one for one in APPLICATIONS if one.client == "vault"]
    allowed = vault.redirect_uris(settings.access.domain, settings.access.redirect_uris)
    assert {one["roleName"] for one in roles} == set(Role)
    for one in roles:
        assert tuple(one["allowedRedirectUris"]) == allowed
        assert one["boundClaims"] == {"roles": one["roleName"]}


def connection(recorded: Recorder) -> dict[str, Any]:
    """How the store reaches the database; with a password in it the whole of it is one secret."""
    (found,) = [one.inputs["postgresql"] for one in of_type(recorded, "SecretBackendConnection")]
    settings: dict[str, Any] = found if "connectionUrl" in found else revealed(found)
    return settings


def test_the_database_is_reached_at_the_address_of_the_settings(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    database = settings.tracking.database
    assert (
        f"@{database.host}:{database.port}/mlflow?sslmode=verify-full"
        in connection(recorded)["connectionUrl"]
    )


def test_the_database_of_a_lab_is_reached_where_it_answers(in_lab: Recorder) -> None:
    found = connection(in_lab)
    assert f"@{HOSTS['postgres.lab.internal:5432']}/mlflow" in found["connectionUrl"]
    assert found["tlsCa"] == AUTHORITY


def test_the_managers_password_is_a_secret_and_stands_nowhere_else(in_lab: Recorder) -> None:
    assert connection(in_lab)["password"] == DATABASE_PASSWORD
    assert not [one.name for one in in_lab.declarations if DATABASE_PASSWORD in in_the_open(one.inputs)]
    assert DATABASE_PASSWORD not in repr(in_lab.outputs)


def test_without_the_managers_password_the_store_keeps_the_one_it_has(recorded: Recorder) -> None:
    assert "password" not in connection(recorded)


SENSITIVE = re.compile(
    r"(secret|password|token|jwt|pem|dataJson|privateKey|credentials)$", flags=re.IGNORECASE
)
PUBLIC = {"secretName", "tlsSecret", "oidcDiscoveryCaPem", "automountServiceAccountToken"}


def sensitive(inputs: Any) -> list[str]:
    """Keys that by their name hold a secret, with a text that is none."""
    return _bare(json.loads(in_the_open(inputs)))


def _bare(inputs: Any) -> list[str]:
    if isinstance(inputs, list):
        return [key for item in inputs for key in _bare(item)]
    if not isinstance(inputs, dict):
        return []
    bare = [
        key
        for key, value in inputs.items()
        if SENSITIVE.search(key) and key not in PUBLIC and isinstance(value, str) and value != "(secret)"
    ]
    return bare + [key for value in inputs.values() for key in _bare(value)]


def test_se_05_nothing_that_is_secret_by_its_name_stands_in_the_open(in_lab: Recorder) -> None:
    found = {
        one.name: keys
        for one in in_lab.declarations
        if one.type.startswith(("keycloak:", "vault:", "pulumi:")) and (keys := sensitive(one.inputs))
    }
    assert found == {}


def test_a_secret_in_the_open_would_be_seen() -> None:
    assert sensitive({"postgresql": {"password": "x"}}) == ["password"]
    assert sorted(sensitive({"oidcClientSecret": "x", "dataJson": "{}"})) == ["dataJson", "oidcClientSecret"]


def test_mlflows_login_is_made_by_the_path_and_role_that_the_store_has(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    (role,) = of_type(recorded, "SecretBackendRole")
    path = f"{role.inputs['backend']}/creds/{role.inputs['name']}"
    found = list(of_kind(recorded, "VaultDynamicSecret"))
    assert [one.provider for one in found] == [cluster.name for cluster in settings.clusters]
    for one in found:
        asked = one.inputs["spec"]["provider"]["auth"]["kubernetes"]
        (login,) = [
            login
            for login in logins(recorded)
            if (login["backend"], login["roleName"]) == (asked["mountPath"], asked["role"])
        ]
        assert asked["mountPath"] == backend_of(one.provider)
        assert login["boundServiceAccountNames"] == [asked["serviceAccountRef"]["name"]]
        assert login["boundServiceAccountNamespaces"] == [one.inputs["metadata"]["namespace"]]
        assert one.inputs["spec"]["path"] == path
        assert workload_rules(settings)[login["tokenPolicies"][0]] == {path: ("read",)}


def test_external_secrets_logs_in_by_a_role_of_its_own_cluster(recorded: Recorder) -> None:
    for one in of_kind(recorded, "ClusterSecretStore"):
        asked = one.inputs["spec"]["provider"]["vault"]["auth"]["kubernetes"]
        (login,) = [
            login
            for login in logins(recorded)
            if (login["backend"], login["roleName"]) == (asked["mountPath"], asked["role"])
        ]
        assert login["boundServiceAccountNames"] == [asked["serviceAccountRef"]["name"]]
        assert login["boundServiceAccountNamespaces"] == [asked["serviceAccountRef"]["namespace"]]
        assert login["tokenPolicies"] == [OPERATOR_POLICY]


def authorities(recorded: Recorder) -> set[str | None]:
    """Whom pods' ways to the store trust, as PEM text."""
    ways = [one.inputs["spec"]["provider"]["vault"] for one in of_kind(recorded, "ClusterSecretStore")]
    ways += [one.inputs["spec"]["provider"] for one in of_kind(recorded, "VaultDynamicSecret")]
    return {b64decode(way["caBundle"]).decode() if "caBundle" in way else None for way in ways}


def test_pods_trust_a_public_authority_unless_the_settings_name_one(recorded: Recorder) -> None:
    assert authorities(recorded) == {None}
    settings = settings_of("prod")
    store = settings.secrets.model_copy(update={"authority": AUTHORITY})
    assert authorities(run(lambda: build(settings.model_copy(update={"secrets": store})), "prod")) == {
        AUTHORITY
    }


def test_on_a_lab_pods_trust_its_authority_and_know_the_store_by_its_name(in_lab: Recorder) -> None:
    assert authorities(in_lab) == {AUTHORITY}
    servers = {
        one.inputs["spec"]["provider"]["vault"]["server"] for one in of_kind(in_lab, "ClusterSecretStore")
    }
    assert servers == {settings_of("dev").secrets.address} == {"https://openbao.lab.internal:8200"}


def test_no_address_of_a_lab_but_the_issuers_gets_into_a_cluster(in_lab: Recorder) -> None:
    answers = set(HOSTS.values()) - {HOSTS["keycloak.lab.internal:8443"]}
    told = {one.name: in_the_open(one.inputs) for one in in_lab.kubernetes}
    assert not [name for name, text in told.items() for answer in answers if answer in text]
    assert any(ISSUER in text for text in told.values())


def test_every_external_secret_is_one_that_the_operator_may_read(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    readable = workload_rules(settings)[OPERATOR_POLICY]
    keys = {
        entry["remoteRef"]["key"]
        for one in of_kind(recorded, "ExternalSecret")
        for entry in one.inputs["spec"].get("data", ())
        if one.inputs["spec"]["secretStoreRef"]["kind"] == "ClusterSecretStore"
    }
    assert keys
    for key in keys:
        folder = key.partition("/")[0]
        assert f"{settings.secrets.mount}/data/{folder}/*" in readable, key


def test_the_operator_reads_the_folders_of_the_platforms_servers_and_no_tenants(
    settings: PlatformSettings,
) -> None:
    folders = [settings.tracking.secret_path]
    folders += [settings.access.server.secret_path] if settings.access.server else []
    mount = settings.secrets.mount
    assert workload_rules(settings)[OPERATOR_POLICY].keys() == {
        f"{mount}/{part}/{folder}/*" for folder in folders for part in ("data", "metadata")
    }


def test_a_tenant_reads_its_own_folder_alone(settings: PlatformSettings) -> None:
    rules, mount = workload_rules(settings), settings.secrets.mount
    for tenant in settings.tenants:
        below = f"tenants/{tenant.name}/*"
        assert rules[f"tenant-{tenant.name}"].keys() == {f"{mount}/data/{below}", f"{mount}/metadata/{below}"}


def test_every_account_gets_a_policy_and_every_policy_an_account(settings: PlatformSettings) -> None:
    given = {policy for one in settings.clusters for policy in workload_accounts(settings, one)}
    assert given == workload_rules(settings).keys() >= {MLFLOW_POLICY}


def test_a_clusters_way_into_others_is_given_to_that_cluster_alone(settings: PlatformSettings) -> None:
    for cluster in settings.clusters:
        given = {policy for policy in workload_accounts(settings, cluster) if "-mesh-" in policy}
        assert given == {f"mlops-mesh-{cluster.name}"}
        rules = workload_rules(settings)[f"mlops-mesh-{cluster.name}"]
        assert rules == {f"{settings.secrets.mount}/data/oidc/mesh-{cluster.name}": ("read",)}


def test_se_03_no_policy_reaches_beyond_its_mount(recorded: Recorder, settings: PlatformSettings) -> None:
    paths = [path for text in policies(recorded).values() for path in re.findall(r'path "([^"]+)"', text)]
    assert paths
    for path in paths:
        assert path.startswith((f"{settings.secrets.mount}/", "database/creds/", "pki-mesh/root/sign-")), path
        assert "+" not in path
        assert "*" not in path.removesuffix("/*"), path
    assert not [name for name, text in policies(recorded).items() if "sudo" in text]


@pytest.mark.parametrize(("backend", "devices"), [("vault", 1), ("openbao", 0)])
def test_se_04_a_store_of_our_own_has_one_audit_device(backend: str, devices: int) -> None:
    """OpenBao takes its device from its own configuration and none by its API."""
    settings = settings_of("prod")
    store = settings.secrets.model_copy(update={"backend": backend})
    recorded = run(lambda: build(settings.model_copy(update={"secrets": store})), "prod")
    found = [one.inputs for one in of_type(recorded, "Audit")]
    assert len(found) == devices
    assert all(one["type"] == "file" for one in found)


def test_a_store_of_somebody_else_keeps_its_own_audit_devices() -> None:
    assert of_type(run(lambda: build(settings_of("dev")), "dev"), "Audit") == []
