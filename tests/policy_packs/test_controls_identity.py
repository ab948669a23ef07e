"""Controls ID: for each one documents that break it and documents that do not."""

from __future__ import annotations

import pytest
from controls.identity import clients, realm, role_matrix
from controls.identity.realm import duration

from tests.policy_packs.control_pairs import container, found, pod, resource

RBAC = "rbac.authorization.k8s.io/v1"


def role(rules: str, *, kind: str = "Role", namespace: str = "team") -> str:
    return (
        f"apiVersion: {RBAC}\nkind: {kind}\nmetadata: {{name: r, namespace: {namespace}}}\nrules: {rules}\n"
    )


def rule(groups: str, resources: str, verbs: str, more: str = "") -> str:
    return f"[{{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]{more}}}]"


def binding(reference: str, subjects: str, *, kind: str = "RoleBinding") -> str:
    return (
        f"apiVersion: {RBAC}\nkind: {kind}\nmetadata: {{name: b, namespace: team}}\n"
        f"roleRef: {reference}\nsubjects: {subjects}\n"
    )


HIDING = "apiVersion: helm.sh/v4\nkind: Chart\nnamespace: team\n---\n"
READER = "{kind: ClusterRole, name: reader}"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app, namespace: team}\n"


def client(properties: str) -> str:
    return resource(clients.CLIENT, f"{{accessType: CONFIDENTIAL, fullScopeAllowed: false, {properties}}}")


def of_realm(properties: str) -> str:
    protected = "securityDefenses: {bruteForceDetection: {}}"
    return resource("keycloak:index/realm:Realm", f"{{{protected}, {properties}}}")


WHOLE = role_matrix.GOOD
LOGIN = """\
- {type: 'vault:index/policy:Policy', name: p-%s, properties: {name: mlops-%s, policy: ""}}
- type: 'vault:jwt/authBackendRole:AuthBackendRole'
  name: l-%s
  properties: {roleName: %s, boundClaims: {roles: %s}, tokenPolicies: [mlops-%s]}
"""
LOGINS = "".join(LOGIN.replace("%s", one) for one in role_matrix.ROLES)


def group_binding(name: str) -> str:
    return (
        f"- apiVersion: {RBAC}\n  kind: RoleBinding\n  metadata: {{name: b, namespace: team}}\n"
        f"  roleRef: {READER}\n  subjects: [{{kind: Group, name: '{name}'}}]\n"
    )


BAD = [
    ("ID-01", role(rule("''", "pods", "'*'"))),
    ("ID-01", role(rule("''", "'pods/*'", "get"), kind="ClusterRole")),
    ("ID-01", role(rule("''", "pods", "!unknown ''"))),
    ("ID-01", role("nonsense")),
    ("ID-02", binding("{kind: ClusterRole, name: cluster-admin}", "[{kind: User, name: ada}]")),
    ("ID-02", binding(READER, "[{kind: Group, name: 'system:masters'}]", kind="ClusterRoleBinding")),
    ("ID-02", binding("{kind: ClusterRole, name: !unknown ''}", "[]")),
    ("ID-02", binding(READER, "[1]")),
    ("ID-02", binding(READER, "{kind: Group, name: 'system:authenticated'}")),
    ("ID-03", role(rule("''", "serviceaccounts", "impersonate"))),
    ("ID-03", role(rule("rbac.authorization.k8s.io", "clusterroles", "'*'"), kind="ClusterRole")),
    ("ID-03", role(rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"))),
    ("ID-03", role(rule("''", "configmaps", "patch"), namespace="kube-system")),
    ("ID-03", role(rule("''", "configmaps", "patch", ", resourceNames: [aws-auth]"))),
    ("ID-03", role(rule("admissionregistration.k8s.io", "validatingadmissionpolicybindings", "delete"))),
    ("ID-03", role(rule("''", "serviceaccounts/token", "create"))),
    ("ID-03", role(rule("''", "!unknown ''", "update"))),
    ("ID-04", role(rule("''", "'*'", "watch"))),
    ("ID-04", role(rule("''", "secrets", "get", ", resourceNames: ['']"))),
    ("ID-04", role(rule("''", "secrets", "7"))),
    ("ID-05", role(rule("''", "pods/ephemeralcontainers", "patch"))),
    ("ID-05", role(rule("''", "'*/exec'", "create"))),
    ("ID-05", role(rule("''", "nodes/proxy", "get"), kind="ClusterRole")),
    ("ID-05", role(rule("''", "pods/attach", "!unknown ''"))),
    ("ID-06", container("image: x")),
    ("ID-06", pod("{serviceAccountName: default, containers: []}")),
    ("ID-06", pod("{serviceAccountName: !unknown '', containers: []}")),
    ("ID-06", binding(READER, "[{kind: ServiceAccount, name: default, namespace: team}]")),
    ("ID-07", pod("{automountServiceAccountToken: true, containers: []}")),
    ("ID-07", pod("{automountServiceAccountToken: 'false', containers: []}")),
    ("ID-07", ACCOUNT),
    ("ID-07", f"{ACCOUNT}automountServiceAccountToken: !unknown ''\n"),
    ("ID-08", pod("{serviceAccountName: app, containers: []}")),
    ("ID-08", pod("{serviceAccountName: [app], containers: []}")),
    ("ID-08", HIDING + pod("{serviceAccountName: [app], containers: []}")),
    ("ID-08", HIDING + pod("{serviceAccountName: app}", metadata="{name: a, namespace: other}")),
    ("ID-08", HIDING + binding(READER, "[]")),
    ("ID-08", binding("{kind: Role, name: reader}", "[]")),
    ("ID-08", binding(READER, "[]")),
    ("ID-08", binding("{kind: ClusterRole, name: !unknown ''}", "[]")),
    ("ID-08", binding("{kind: ClusterRole, name: view}", "[{kind: ServiceAccount, name: !unknown ''}]")),
    ("ID-08", binding("{kind: ClusterRole, name: view}", "[{kind: ServiceAccount, name: app}]")),
    ("ID-08", ACCOUNT + "---\n" + pod("{serviceAccountName: app}", metadata="{name: a, namespace: other}")),
    ("ID-09", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: !unknown ''\n"),
    ("ID-09", "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\n"),
    ("ID-11", client("validRedirectUris: ['http://mlflow.example.com/callback']")),
    ("ID-11", client("validRedirectUris: ['/callback']")),
    ("ID-11", client("validRedirectUris: ['https://a@b.example.com/callback']")),
    ("ID-11", client("validRedirectUris: !unknown ''")),
    ("ID-11", client("webOrigins: ['+']")),
    ("ID-11", client("webOrigins: [7]")),
    ("ID-11", client("implicitFlowEnabled: true")),
    ("ID-11", client("directAccessGrantsEnabled: !unknown ''")),
    ("ID-11", resource(clients.CLIENT, "{accessType: CONFIDENTIAL}")),
    ("ID-11", resource(clients.CLIENT, "{accessType: PUBLIC, fullScopeAllowed: false}")),
    ("ID-11", resource(clients.CLIENT, "{accessType: [PUBLIC], fullScopeAllowed: false}")),
    ("ID-12", of_realm("registrationAllowed: true")),
    ("ID-12", of_realm("accessTokenLifespan: 24h")),
    ("ID-12", of_realm("ssoSessionMaxLifespan: !unknown ''")),
    ("ID-12", of_realm("accessTokenLifespan: soon")),
    ("ID-12", of_realm("sslRequired: [none]")),
    ("ID-12", resource("keycloak:index/realm:Realm", "{sslRequired: all}")),
    ("ID-12", client("realmId: master, validRedirectUris: ['https://x.example.com/*']")),
]

GOOD = [
    ("ID-01", role("null")),
    ("ID-01", role(rule("''", "pods, pods/log", "get"), kind="ClusterRole")),
    ("ID-02", binding(READER, "[{kind: Group, name: 'mlops:viewer'}]")),
    ("ID-02", binding("{kind: ClusterRole, name: view}", "null")),
    ("ID-03", role(rule("iam.services.k8s.aws", "roles", "create"))),
    ("ID-03", role(rule("''", "configmaps", "patch"))),
    ("ID-03", role(rule("certificates.k8s.io", "signers", "approve"))),
    ("ID-03", role(rule("''", "configmaps", "patch", ", resourceNames: [leader]"), kind="ClusterRole")),
    ("ID-03", role(rule("rbac.authorization.k8s.io", "roles", "get, list"))),
    ("ID-04", role(rule("''", "secrets", "create"))),
    ("ID-04", role(rule("apps", "'*'", "get"))),
    ("ID-04", role(rule("secrets.example.com", "secrets", "get"))),
    ("ID-05", role(rule("''", "pods", "create, delete"))),
    ("ID-05", role(rule("''", "pods/exec", "list"))),
    ("ID-06", pod("{serviceAccountName: app, containers: []}")),
    ("ID-06", pod("{serviceAccount: app, containers: []}")),
    ("ID-06", binding(READER, "[{kind: User, name: default}]")),
    ("ID-07", pod("{automountServiceAccountToken: false, containers: []}")),
    ("ID-07", f"{ACCOUNT}automountServiceAccountToken: false\n"),
    ("ID-08", ACCOUNT + "---\n" + pod("{serviceAccountName: app, containers: []}")),
    ("ID-08", pod("{serviceAccountName: default, containers: []}")),
    ("ID-08", HIDING + pod("{serviceAccountName: app, containers: []}")),
    ("ID-08", HIDING + binding("{kind: Role, name: reader}", "[{kind: ServiceAccount, name: app}]")),
    (
        "ID-08",
        role("[]", kind="ClusterRole").replace("name: r,", "name: reader,") + "---\n" + binding(READER, "[]"),
    ),
    (
        "ID-08",
        ACCOUNT + "---\n" + binding("{kind: ClusterRole, name: edit}", "[{kind: ServiceAccount, name: app}]"),
    ),
    (
        "ID-08",
        role("[]").replace("name: r,", "name: reader,")
        + "---\n"
        + binding("{kind: Role, name: reader}", "[]"),
    ),
    ("ID-09", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"),
    ("ID-09", "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\n"),
    ("ID-10", WHOLE + LOGINS + group_binding("mlops:viewer")),
    ("ID-10", group_binding("anybody")),
    ("ID-10", LOGINS),
    (
        "ID-11",
        client(
            "validRedirectUris: ['https://mlflow.example.com/callback'], webOrigins: ['https://a.example.com']"
        ),
    ),
    ("ID-11", client("validRedirectUris: ['http://127.0.0.1:8000/callback', 'http://[::1]/callback']")),
    (
        "ID-11",
        resource(
            clients.CLIENT, "{accessType: PUBLIC, pkceCodeChallengeMethod: S256, fullScopeAllowed: false}"
        ),
    ),
    ("ID-12", of_realm("sslRequired: external, accessTokenLifespan: 300s, ssoSessionMaxLifespan: 10h0m0s")),
    ("ID-12", of_realm("registrationAllowed: false")),
    ("ID-12", client("realmId: platform, validRedirectUris: ['https://x.example.com/*']")),
]


@pytest.mark.parametrize(("control", "text"), BAD)
def test_what_breaks_a_control_is_found(control: str, text: str) -> None:
    assert found(control, text)


@pytest.mark.parametrize(("control", "text"), GOOD)
def test_what_meets_a_control_is_left_alone(control: str, text: str) -> None:
    assert found(control, text) == []


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("300s", 300),
        ("1h30m", 5400),
        ("90", 90),
        (60, 60),
        ("500ms", 0.5),
        ("", None),
        (True, None),
        ("5x", None),
    ],
)
def test_a_duration_is_read_as_the_provider_writes_it(given: object, seconds: float | None) -> None:
    assert duration(given) == seconds


def test_every_bound_of_a_realm_is_held() -> None:
    for key, most in realm.BOUNDS.items():
        assert found("ID-12", of_realm(f"{key}: {most}s")) == []
        assert found("ID-12", of_realm(f"{key}: {most + 1}s"))


def test_a_claim_that_a_client_always_carries_may_be_bound() -> None:
    claim = "- type: keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper\n  name: m\n"
    claim += "  properties: {claimName: roles, claimValue: '[\"mesh-west\"]'}\n"
    assert found("ID-10", WHOLE + group_binding("mlops:mesh-west"))
    assert found("ID-10", WHOLE + claim + group_binding("mlops:mesh-west")) == []


def permissions(table: str) -> str:
    return f"- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{permissions.json: '{table}'}}}}\n"


VIEWERS = LOGIN.replace("%s", "viewer")
ALL = WHOLE + LOGINS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (role_matrix.BAD, "the realm has no role viewer"),
        (WHOLE.replace("group-viewer, properties: {name: viewer}", "g, properties: {name: x}"), "no group"),
        (WHOLE + "- {type: 'keycloak:index/userRoles:UserRoles', name: u, properties: {}}\n", "one user"),
        (WHOLE + group_binding("mlops:intern"), "no token of the realm"),
        (WHOLE + group_binding("mlops:admin").replace("Group", "User"), "is no group"),
        (ALL.replace(VIEWERS, ""), "has no login role viewer"),
        (ALL + LOGIN.replace("%s", "intern"), "none of the six roles"),
        (ALL.replace("{roles: viewer}", "{roles: '*'}"), "do not ask for exactly viewer"),
        (ALL.replace("[mlops-viewer]", "[mlops-viewer, default]"), "not exactly one known policy"),
        (ALL.replace("[mlops-viewer]", "[!unknown '']"), "not exactly one known policy"),
        (ALL.replace("[mlops-viewer]", "[mlops-other]"), "the stack does not declare"),
        (ALL.replace("[mlops-viewer]", "[mlops-admin]"), "the policy of another role"),
        (WHOLE + permissions("[]"), "no table of grants"),
        (WHOLE + permissions("{"), "no table of grants"),
        (WHOLE + permissions('{"run": {"admin": "yes"}}'), "exactly the six roles"),
    ],
)
def test_realm_bindings_store_and_tracking_name_the_same_roles(text: str, said: str) -> None:
    assert [one for one in found("ID-10", text) if said in one]
