"""What people and workloads may do in the clusters of our own stacks: RBAC, and the mesh's policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.access import BREAK_GLASS, Role
from config.applications import APPLICATIONS
from config.schema import PlatformSettings
from tests.recorder import Declaration, Recorder
from tests.stacks.conftest import recorded_lab
from tests.stacks.stack_objects import accounts, meshed, name, namespaces, of_kind, place, selected
from tests.stacks.stack_world import ISSUER

EDGE = "ingress-edge"
"""The one policy with rules for callers without identity: what the ingress redirects, and TLS that it passes on."""

RAISING = {"bind", "escalate", "impersonate", "approve", "sign"}
SHELLS = {"exec", "attach", "portforward", "proxy", "ephemeralcontainers"}
OF_RIGHTS = {
    "rbac.authorization.k8s.io",
    "admissionregistration.k8s.io",
    "certificates.k8s.io",
    "authorization.k8s.io",
}


def rules(recorded: Recorder) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in of_kind(recorded, "ClusterRole", "Role"):
        assert "aggregationRule" not in one.inputs
        for rule in one.inputs["rules"]:
            yield one.name, rule


def test_id_01_no_rule_has_a_wildcard(recorded: Recorder) -> None:
    found = list(rules(recorded))
    assert found
    for role, rule in found:
        assert rule.keys() <= {"apiGroups", "resources", "verbs", "resourceNames"}, role
        assert not [word for words in rule.values() for word in words if "*" in word], role


def test_id_03_no_rule_raises_rights(recorded: Recorder) -> None:
    for role, rule in rules(recorded):
        assert not RAISING & set(rule["verbs"]), role
        assert not OF_RIGHTS & set(rule["apiGroups"]), role
        assert "serviceaccounts" not in rule["resources"], role


def test_id_03_tokens_are_made_of_exactly_the_accounts_that_enter_the_store_so(recorded: Recorder) -> None:
    """cert-manager makes some of its own, external-secrets of those that its stores and generators name."""
    made = {
        (*place(one), account)
        for one in of_kind(recorded, "ClusterRole", "Role")
        for rule in one.inputs["rules"]
        if "serviceaccounts/token" in rule["resources"]
        for account in rule["resourceNames"]
    }
    named = set()
    for one in of_kind(recorded, "ClusterSecretStore", "SecretStore", "VaultDynamicSecret"):
        spec = one.inputs["spec"]
        vault = spec["provider"].get("vault", spec["provider"])
        account = vault["auth"]["kubernetes"]["serviceAccountRef"]
        named.add((place(one)[0], account.get("namespace", place(one)[1]), account["name"]))
    clusters = {cluster for cluster, _ in namespaces(recorded)}
    assert made == named | {(cluster, "kube-system", "cert-manager") for cluster in clusters}


def test_id_03_controllers_alone_make_tokens(recorded: Recorder) -> None:
    makers = {
        (subject["namespace"], subject["name"])
        for one in of_kind(recorded, "RoleBinding")
        if one.inputs["roleRef"]["name"].endswith("-tokens")
        for subject in one.inputs["subjects"]
    }
    assert makers == {("kube-system", "cert-manager"), ("external-secrets", "external-secrets")}


def test_id_04_and_05_no_rule_reads_secrets_or_opens_a_shell(recorded: Recorder) -> None:
    for role, rule in rules(recorded):
        assert "secrets" not in rule["resources"], role
        assert not SHELLS & {resource.partition("/")[2] for resource in rule["resources"]}, role


def test_id_02_and_08_every_binding_is_to_a_role_of_the_stack_and_so_never_to_cluster_admin(
    recorded: Recorder,
) -> None:
    declared = {
        (one.provider, one.inputs["kind"], name(one)) for one in of_kind(recorded, "ClusterRole", "Role")
    }
    bindings = list(of_kind(recorded, "ClusterRoleBinding", "RoleBinding"))
    assert bindings
    for one in bindings:
        reference = one.inputs["roleRef"]
        assert (one.provider, reference["kind"], reference["name"]) in declared, one.name
    assert not [role for _, _, role in declared if not role.startswith("mlops:")]


def meshes(recorded: Recorder) -> set[str]:
    """Groups of clusters that watch other ones."""
    return {f"mlops:mesh-{cluster}" for cluster, _ in namespaces(recorded)}


def test_every_subject_is_a_role_of_the_realm_or_an_account_of_the_stack(recorded: Recorder) -> None:
    groups = {f"mlops:{role}" for role in (*Role, BREAK_GLASS)} | meshes(recorded)
    known = accounts(recorded)
    for one in of_kind(recorded, "ClusterRoleBinding", "RoleBinding"):
        for subject in one.inputs["subjects"]:
            if subject["kind"] == "ServiceAccount":
                assert (one.provider, subject["namespace"], subject["name"]) in known, one.name
            else:
                assert (subject["kind"], subject["name"]) in {("Group", group) for group in groups}, one.name


def test_in_a_whole_cluster_only_the_group_of_last_resort_other_clusters_and_accounts_have_rights(
    recorded: Recorder,
) -> None:
    people = [
        subject["name"]
        for one in of_kind(recorded, "ClusterRoleBinding")
        for subject in one.inputs["subjects"]
        if subject["kind"] != "ServiceAccount"
    ]
    assert set(people) == {f"mlops:{BREAK_GLASS}"} | meshes(recorded)


def test_people_have_rights_in_tenants_namespaces_alone(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    tenants = {tenant.name for tenant in settings.tenants if tenant.purpose != "platform"}
    people = [
        one
        for one in of_kind(recorded, "RoleBinding")
        if any(subject["kind"] != "ServiceAccount" for subject in one.inputs["subjects"])
    ]
    assert {place(one)[1] for one in people} <= tenants


def test_ownership_is_enforced_where_developer_environments_can_be_made(recorded: Recorder) -> None:
    """Each cluster that knows the kind has the policy, and a binding that refuses."""
    definitions = {one.provider for one in of_kind(recorded, "CustomResourceDefinition")}
    policies = {(one.provider, name(one)) for one in of_kind(recorded, "ValidatingAdmissionPolicy")}
    bound = {
        (one.provider, one.inputs["spec"]["policyName"])
        for one in of_kind(recorded, "ValidatingAdmissionPolicyBinding")
        if "Deny" in one.inputs["spec"]["validationActions"]
    }
    assert bound == policies
    assert (
        {cluster for cluster, _ in policies} == definitions == {place(one)[0] for one in recorded.kubernetes}
    )


def allowing(recorded: Recorder) -> Iterator[tuple[Declaration, dict[str, Any]]]:
    """Rules that let somebody in."""
    for one in of_kind(recorded, "AuthorizationPolicy"):
        for rule in one.inputs["spec"].get("rules", ()):
            yield one, rule


def sources(rule: dict[str, Any]) -> list[dict[str, list[str]]]:
    return [entry["source"] for entry in rule.get("from", ())]


def test_ms_02_every_namespace_of_the_mesh_allows_nothing_by_default(recorded: Recorder) -> None:
    closed = {place(one) for one in of_kind(recorded, "AuthorizationPolicy") if one.inputs["spec"] == {}}
    gateways = {(cluster, "istio-gateways") for cluster, _ in meshed(recorded)}
    assert gateways
    assert closed >= meshed(recorded) | gateways


def test_ms_03_and_04_every_rule_names_callers_that_exist(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    known = {
        (cluster, f"cluster.local/ns/{namespace}/sa/{account}")
        for cluster, namespace, account in accounts(recorded)
    }
    found = list(allowing(recorded))
    assert found
    for one, rule in found:
        assert sources(rule) or name(one) == EDGE, one.name
        for source in sources(rule):
            assert source.keys() in ({"principals"}, {"requestPrincipals"}), one.name
            for principal in source.get("principals", ()):
                assert (one.provider, principal) in known, one.name
            for principal in source.get("requestPrincipals", ()):
                assert principal == f"{settings.access.issuer}/*", one.name


def test_ms_05_every_exposed_application_verifies_tokens_that_are_for_it_and_demands_one(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    """Exposed is whatever people reach: what a rule lets in by a token, and each application with a Service."""
    verified: dict[tuple[Any, ...], list[str]] = {}
    for one in of_kind(recorded, "RequestAuthentication"):
        (rule,) = one.inputs["spec"]["jwtRules"]
        assert rule["issuer"] == settings.access.issuer
        assert rule["jwksUri"].startswith(f"{settings.access.issuer}/")
        verified[(*place(one), *selected(one.inputs["spec"]).items())] = rule["audiences"]
    demanded = {
        (*place(one), *selected(one.inputs["spec"]).items())
        for one, rule in allowing(recorded)
        if any("requestPrincipals" in source for source in sources(rule))
    }
    assert demanded == verified.keys()
    clients = {application.client for application in APPLICATIONS}
    assert {key[-1] for key in demanded} >= {("app.kubernetes.io/name", "ingress")}
    served = {(one.provider, name(one)) for one in of_kind(recorded, "Service")} & {
        (cluster.name, client) for cluster in settings.clusters for client in clients
    }
    assert {(key[0], audience) for key, audiences in verified.items() for audience in audiences} == served
    assert all(len(audiences) == 1 for audiences in verified.values())


def test_every_service_has_rules_for_who_calls_it(recorded: Recorder) -> None:
    ruled = {(*place(one), *selected(one.inputs["spec"]).items()) for one, _ in allowing(recorded)}
    for one in of_kind(recorded, "Service"):
        assert (*place(one), *selected(one.inputs["spec"]).items()) in ruled, one.name


def test_on_a_lab_tokens_are_those_that_its_keycloak_says_it_issues() -> None:
    recorded = recorded_lab()
    issuers = {
        rule["issuer"]
        for one in of_kind(recorded, "RequestAuthentication")
        for rule in one.inputs["spec"]["jwtRules"]
    }
    callers = {
        principal
        for _, rule in allowing(recorded)
        for source in sources(rule)
        for principal in source.get("requestPrincipals", ())
    }
    assert (issuers, callers) == ({ISSUER}, {f"{ISSUER}/*"})
