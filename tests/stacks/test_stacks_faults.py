"""Every control sees the mistakes that it is there for, made in the real program, and few others cry with it."""

from __future__ import annotations

from typing import Any

import pytest
from controls.catalogue import CONTROLS
from controls.control import Level

from tests.stacks.conftest import recorded_stack
from tests.stacks.served_model import serve, trust
from tests.stacks.stack_faults import Fault, World, add, another, declare, drop, gone, put
from tests.stacks.stack_items import configuration_of, items_of, judged

SERVER, GATE = "prod-eu-mlflow-server", "prod-eu-tracking-gate-server"
TEMPLATE = "spec template"
POD = f"{TEMPLATE} spec"
ONE = f"{POD} containers 0"
SECURE = f"{ONE} securityContext"
DEV = "prod-eu-mlops-dev-namespace"
CALLERS, MESH = "prod-eu-keycloak-callers-policy", "prod-eu-strict-mtls"
EDGE, TOKENS = "prod-eu-gateways-ingress", "prod-eu-gateways-tokens"
ROLE = "prod-eu-access-dev-environment-create-delete"
BINDING = f"{ROLE}-mlops-dev"
ISTIOD, CILIUM = "prod-eu-mesh-istiod-1-31-1", "prod-eu-cilium-agent"
OTHER_SERVICES = "10.84.0.0/16"
"""The service range of prod-us."""
PSS = "pod-security.kubernetes.io/enforce"
TEAM = "mlops-platform"


def ingress(**spec: Any) -> Fault:
    kept = {"tls": [{"hosts": ["a.b"]}], "rules": [{"host": "a.b"}], **spec}
    metadata = {"name": "extra", "namespace": TEAM}
    return add({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": kept})


def istio(kind: str, spec: dict[str, Any]) -> Fault:
    metadata = {"name": "extra", "namespace": TEAM}
    group = (
        "security.istio.io/v1" if kind.endswith(("Policy", "Authentication")) else "networking.istio.io/v1"
    )
    return add({"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec})


def rule(group: str, resource: str, verb: str) -> Fault:
    rules = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    return put(ROLE, "rules +", rules)


def tls(settings: dict[str, Any]) -> Fault:
    return istio("DestinationRule", {"host": "mlflow", "trafficPolicy": {"tls": settings}})


def policy(text: str) -> Fault:
    return put("people-mlops-viewer", "policy", text)


def volume(kind: str) -> Fault:
    return put(SERVER, f"{POD} volumes +", {"name": "x", kind: {"path": "/"}})


def env(value: dict[str, Any]) -> Fault:
    return put(SERVER, f"{ONE} env", [value])


def image(name: str, text: str) -> Fault:
    return put(name, f"{ONE} image", text)


def principal(text: str) -> Fault:
    return put(CALLERS, "spec rules 0 from 0 source principals 0", text)


def scale(target: str) -> Fault:
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": target}, "minReplicas": 2, "maxReplicas": 4}
    metadata = {"name": "extra", "namespace": TEAM}
    return add(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": metadata,
            "spec": spec,
        }
    )


def ask(name: str, slices: dict[str, Any]) -> Fault:
    return put(name, f"{ONE} resources limits", {"cpu": "2", "memory": "2Gi", **slices})


DIGEST = f"@sha256:{'0' * 64}"
BUCKET, DATABASE = "aws:s3/bucketV2:BucketV2", "aws:rds/instance:Instance"
A100_POOL = "prod-eu-pools-dev-a100-pool"

FAULTS: dict[str, list[Fault]] = {
    "WL-01": [
        put(SERVER, f"{SECURE} privileged", True),
        put(GATE, f"{SECURE} privileged", True),
        put(SERVER, f"{POD} initContainers 0 securityContext privileged", True),
    ],
    "WL-02": [put(SERVER, f"{POD} {key}", True) for key in ("hostNetwork", "hostPID", "hostIPC")],
    "WL-03": [
        volume("hostPath"),
        put(GATE, f"{POD} volumes 0 hostPath", {"path": "/"}),
        put(SERVER, f"{POD} volumes 0 hostPath", {"path": "/var/run/docker.sock"}),
    ],
    "WL-04": [
        gone(SERVER, f"{SECURE} allowPrivilegeEscalation"),
        put(SERVER, f"{SECURE} allowPrivilegeEscalation", True),
        put(GATE, f"{SECURE} allowPrivilegeEscalation", True),
    ],
    "WL-05": [
        gone(SERVER, f"{SECURE} capabilities"),
        put(SERVER, f"{SECURE} capabilities drop", ["NET_RAW"]),
        put(GATE, f"{SECURE} capabilities add", ["NET_ADMIN"]),
    ],
    "WL-06": [
        put(SERVER, f"{POD} securityContext runAsUser", 0),
        put(SERVER, f"{SECURE} runAsNonRoot", False),
        put(GATE, f"{SECURE} runAsUser", 0),
    ],
    "WL-07": [
        put(SERVER, f"{SECURE} seccompProfile type", "Unconfined"),
        put(SERVER, f"{POD} securityContext seccompProfile", {"type": "Unconfined"}),
        put(GATE, f"{SECURE} seccompProfile type", "Unconfined"),
    ],
    "WL-08": [volume(kind) for kind in ("nfs", "iscsi", "rbd")],
    "WL-09": [
        gone(SERVER, f"{SECURE} readOnlyRootFilesystem"),
        put(SERVER, f"{SECURE} readOnlyRootFilesystem", False),
        put(GATE, f"{SECURE} readOnlyRootFilesystem", False),
    ],
    "WL-10": [
        put(SERVER, f"{POD} securityContext sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
        put(SERVER, f"{SECURE} procMount", "Unmasked"),
        put(GATE, f"{ONE} livenessProbe httpGet host", "10.0.0.1"),
    ],
    "WL-11": [
        gone(SERVER, f"{ONE} resources"),
        gone(SERVER, f"{ONE} resources limits memory"),
        gone(GATE, f"{ONE} resources requests"),
    ],
    "WL-12": [
        put("prod-eu-gpu-mig", "metadata namespace", "default"),
        gone("prod-eu-gpu-mig", "metadata namespace"),
        put("prod-eu-strict-telemetry", "metadata namespace", "default"),
    ],
    "WL-13": [
        put(DEV, f"metadata labels {PSS}", "baseline"),
        put(DEV, f"metadata labels {PSS}-version", "latest"),
        gone(DEV, f"metadata labels {PSS}"),
    ],
    "NW-01": [
        drop("prod-eu-mlops-dev-isolation-deny", "prod-eu-mlops-dev-isolation-cilium-deny"),
        drop("prod-eu-gateways-namespace-isolation-deny", "prod-eu-gateways-namespace-isolation-cilium-deny"),
        add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "extra"}}, like=DEV),
    ],
    "NW-02": [
        add(
            {
                "apiVersion": "v1",
                "kind": "PodTemplate",
                "metadata": {"name": one, "namespace": "kube-system"},
                "template": {"spec": {"serviceAccountName": one, "automountServiceAccountToken": False}},
            }
        )
        for one in ("a", "b", "c")
    ],
    "NW-03": [
        put("prod-eu-mlops-dev-isolation-dns", "spec egress 0", {"ports": [{"port": 53}]}),
        put("prod-eu-mlops-dev-isolation-dns", "spec egress 0 to", [{"ipBlock": {"cidr": "0.0.0.0/0"}}]),
        put("prod-eu-mlops-dev-isolation-dns", "spec egress 0 to", [{"namespaceSelector": {}}]),
    ],
    "NW-04": [
        put("prod-eu-mlflow-service", "spec selector", {"app": "wrong"}),
        put("prod-eu-mlflow-outside", "spec endpointSelector matchLabels", {"app": "wrong"}),
        put("prod-eu-gateways-mlflow-gate-route", "spec rules 0 backendRefs 0 name", "wrong"),
    ],
    "NW-05": [
        put("prod-eu-mlflow-outside", "spec egress +", {"toEntities": ["world"]}),
        put("prod-eu-mlflow-outside", "spec egress 1 toFQDNs", [{"matchPattern": "*"}]),
        put("prod-eu-mlflow-outside", "spec enableDefaultDeny", {"egress": False}),
    ],
    "NW-06": [
        put("prod-eu-mlflow-service", "spec type", "LoadBalancer"),
        put("prod-eu-mlflow-service", "spec externalIPs", ["192.0.2.1"]),
        put("prod-eu-tracking-gate-service", "spec type", "NodePort"),
    ],
    "NW-07": [
        ingress(tls=[]),
        ingress(tls=[{"hosts": ["c.d"]}]),
        gone("prod-eu-gateways-to-https", "spec rules 0 filters"),
    ],
    "NW-08": [
        ingress(rules=[{"host": "*.b"}], tls=[{"hosts": ["*.b"]}]),
        ingress(rules=[{}], tls=[{}]),
        ingress(defaultBackend={"service": {"name": "mlflow"}}),
    ],
    "MS-01": [
        put(MESH, "spec mtls mode", "PERMISSIVE"),
        put(MESH, "spec portLevelMtls", {"5000": {"mode": "DISABLE"}}),
        istio("PeerAuthentication", {"mtls": {"mode": "DISABLE"}}),
    ],
    "MS-02": [
        drop(MESH),
        drop("prod-eu-keycloak-mesh-policy"),
        put(
            "prod-eu-keycloak-mesh-policy",
            "spec",
            {"selector": {"matchLabels": {"app.kubernetes.io/name": "keycloak"}}},
        ),
    ],
    "MS-03": [
        gone(CALLERS, "spec rules 0 from"),
        principal("*"),
        put(CALLERS, "spec rules +", {"from": [{"source": {"namespaces": ["*"]}}]}),
    ],
    "MS-04": [
        principal("cluster.local/ns/keycloak/sa/wrong"),
        principal("old.local/ns/keycloak/sa/keycloak"),
        drop("prod-eu-keycloak-account"),
    ],
    "MS-05": [
        drop("prod-eu-gateways-access"),
        put(TOKENS, "spec jwtRules 0 issuer", "https://elsewhere.example.com/realms/other"),
        gone(ISTIOD, "values env BLOCKED_CIDRS_IN_JWKS_URIS"),
    ],
    "MS-06": [
        tls({"mode": "DISABLE"}),
        tls({"mode": "SIMPLE"}),
        tls({"mode": "ISTIO_MUTUAL", "insecureSkipVerify": True}),
    ],
    "MS-07": [
        gone(DEV, "metadata labels istio.io/rev"),
        put(SERVER, f"{TEMPLATE} metadata labels sidecar.istio.io/inject", "false"),
        put(SERVER, f"{TEMPLATE} metadata annotations traffic.sidecar.istio.io/excludeOutboundPorts", "443"),
    ],
    "MS-08": [
        put(EDGE, "spec listeners 1 hostname", "*.mlops.example.com"),
        istio("VirtualService", {"hosts": ["*"]}),
        istio("VirtualService", {"hosts": ["*.example.com"]}),
    ],
    "MS-09": [
        put(EDGE, "spec listeners 1 tls certificateRefs 0 name", "wrong"),
        put(TOKENS, "spec selector matchLabels", {"app": "wrong"}),
        istio("VirtualService", {"hosts": ["a"], "http": [{"route": [{"destination": {"host": "wrong"}}]}]}),
    ],
    "MS-10": [
        put(ISTIOD, "values global network", "network-prod-us"),
        drop("prod-eu-remote-to-prod-us"),
        put("prod-eu-control-cluster", "kubernetesNetworkConfig serviceIpv4Cidr", OTHER_SERVICES),
    ],
    "ID-01": [rule("*", "pods", "list"), rule("apps", "*", "list"), rule("apps", "deployments", "*")],
    "ID-02": [
        put("prod-eu-secrets-token-review-binding", "roleRef name", "cluster-admin"),
        put(BINDING, "subjects 0 name", "system:masters"),
        put(BINDING, "subjects 0 name", "system:authenticated"),
    ],
    "ID-03": [
        rule("rbac.authorization.k8s.io", "clusterroles", "escalate"),
        rule("rbac.authorization.k8s.io", "rolebindings", "create"),
        rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", "update"),
    ],
    "ID-04": [rule("", "secrets", verb) for verb in ("get", "list", "watch")],
    "ID-05": [
        rule("", "pods/exec", "create"),
        rule("", "pods/portforward", "create"),
        rule("", "nodes/proxy", "get"),
    ],
    "ID-06": [
        put(SERVER, f"{POD} serviceAccountName", "default"),
        gone(GATE, f"{POD} serviceAccountName"),
        put("prod-eu-secrets-token-review-binding", "subjects 0 name", "default"),
    ],
    "ID-07": [
        put(SERVER, f"{POD} automountServiceAccountToken", True),
        gone(GATE, f"{POD} automountServiceAccountToken"),
        put("prod-eu-mlflow-account", "automountServiceAccountToken", True),
    ],
    "ID-08": [
        put(SERVER, f"{POD} serviceAccountName", "wrong"),
        put("prod-eu-mlflow-account", "metadata name", "wrong"),
        put(BINDING, "roleRef name", "mlops:wrong"),
    ],
    "ID-09": [
        add(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": one, "namespace": TEAM},
                "type": "kubernetes.io/service-account-token",
            }
        )
        for one in ("a", "b", "c")
    ],
    "ID-10": [
        put(BINDING, "subjects 0 name", "mlops:wrong"),
        drop("realm-group-viewer"),
        put("people-role-viewer", "tokenPolicies", ["mlops-admin"]),
    ],
    "ID-11": [
        put("clients-argocd", "validRedirectUris", ["https://argocd.mlops.example.com/*"]),
        put("clients-argocd", "implicitFlowEnabled", True),
        put("clients-api", "pkceCodeChallengeMethod", ""),
    ],
    "ID-12": [
        put("realm-realm", "sslRequired", "none"),
        put("realm-realm", "registrationAllowed", True),
        gone("realm-realm", "securityDefenses bruteForceDetection"),
    ],
    "SE-01": [
        env({"name": "DB_PASSWORD", "value": "correct-horse-battery"}),
        env({"name": "AWS_SECRET_ACCESS_KEY", "value": "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcd"}),
        put("prod-eu-gpu-mig", "data", {"password": "correct-horse-battery"}),
    ],
    "SE-02": [
        env({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}),
        put(SERVER, f"{ONE} envFrom +", {"secretRef": {"name": "s"}}),
        put(GATE, f"{ONE} envFrom", [{"secretRef": {"name": "s"}}]),
    ],
    "SE-03": [
        policy('path "*" { capabilities = ["read"] }'),
        policy('path "secret/data/x" { capabilities = ["sudo"] }'),
        policy('path "sys/policies/acl/x" { capabilities = ["update"] }'),
    ],
    "SE-04": [
        put("prod-eu-workloads-role-mlflow", "boundServiceAccountNames", ["*"]),
        put("prod-eu-workloads-role-mlflow", "tokenTtl", 86400),
        put("prod-eu-workloads-role-mlflow", "tokenPolicies", ["wrong"]),
    ],
    "SE-05": [
        add(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "a", "namespace": TEAM},
                key: {"k": "dg=="},
            }
        )
        for key in ("data", "stringData")
    ]
    + [put("database-connection", "postgresql password", "correct-horse")],
    "SC-01": [
        image(SERVER, f"docker.io/mlflow/mlflow:3{DIGEST}"),
        image(SERVER, f"ghcr.io/elsewhere/mlflow:3{DIGEST}"),
        image(GATE, f"nginx:1{DIGEST}"),
    ],
    "SC-02": [
        image(SERVER, "ghcr.io/mlflow/mlflow"),
        image(SERVER, "ghcr.io/mlflow/mlflow:latest"),
        image(GATE, "x"),
    ],
    "SC-03": [
        another(SERVER, f"{ONE} image", "ghcr.io/mlflow/mlflow:v3.0.0"),
        another(SERVER, f"{ONE} image", "ghcr.io/mlflow/mlflow:v3.0.0@sha256:abc"),
        another(GATE, f"{ONE} image", "ghcr.io/mlops-platform/tracking-gate:9"),
    ],
    "SC-04": [
        put("prod-eu-ownership-policy", "spec failurePolicy", "Ignore"),
        put("prod-eu-ownership-binding", "spec validationActions", ["Audit"]),
        put("prod-eu-issuers-policy", "spec failurePolicy", "Ignore"),
    ],
    "SC-05": [
        put(CILIUM, "repositoryOpts repo", "https://elsewhere.example.com/charts"),
        gone(CILIUM, "version"),
        put(ISTIOD, "version", "1.x"),
    ],
    "SC-06": [
        add({"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": TEAM}})
        for version, kind in (
            ("policy/v1beta1", "PodDisruptionBudget"),
            ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
            ("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
        )
    ],
    "GC-01": [
        ask(SERVER, {"nvidia.com/mig-9g.9gb": "1"}),
        ask(SERVER, {"nvidia.com/gpu": "1"}),
        ask(GATE, {"nvidia.com/mig-1g.10gb": "0.5"}),
    ],
    "GC-02": [
        env({"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}),
        put(SERVER, f"{POD} tolerations", [{"key": "nvidia.com/gpu", "operator": "Exists"}]),
        gone(A100_POOL, "spec limits"),
    ],
    "GC-03": [
        drop("prod-eu-mlops-dev-quota"),
        drop("prod-eu-mlops-dev-limits"),
        put("prod-eu-mlops-dev-quota", "spec hard", {"pods": "4"}),
    ],
    "GC-04": [
        gone(DEV, "metadata labels team"),
        gone(SERVER, f"{TEMPLATE} metadata labels cost-center"),
        gone(GATE, f"{TEMPLATE} metadata labels environment"),
    ],
    "SR-01": [
        serve(canaryTrafficPercent=90),
        serve(minReplicas=1),
        serve("pvc://fraud/latest"),
    ],
    "SR-02": [put("prod-eu-keycloak-disruption", "spec maxUnavailable", value) for value in (0, "0%")]
    + [put("prod-eu-mlflow-disruption", "spec", {"minAvailable": "100%"})],
    "SR-03": [
        drop("prod-eu-mlflow-disruption"),
        put("prod-eu-mlflow-disruption", "spec minAvailable", 2),
        scale("wrong"),
    ],
    "SR-04": [
        gone(SERVER, f"{ONE} livenessProbe"),
        gone(SERVER, f"{ONE} readinessProbe"),
        gone(GATE, f"{ONE} readinessProbe"),
    ],
    "SR-05": [
        serve("s3://somebody-elses/fraud/7"),
        serve(account="default"),
        serve(role="wrong"),
    ],
    "SR-06": [
        put(SERVER, "spec replicas", 1),
        put(GATE, "spec replicas", 1),
        gone(SERVER, "spec replicas"),
    ],
    "DS-01": [
        put("prod-eu-storage-class", "parameters encrypted", "false"),
        gone("prod-eu-storage-class", "parameters kmsKeyId"),
        put(SERVER, f"{POD} volumes +", {"name": "x", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}),
    ],
    "DS-02": [
        declare(
            DATABASE, {"storageEncrypted": False, "publiclyAccessible": False, "deletionProtection": True}
        ),
        declare(BUCKET, {"bucket": "models"}),
        declare("aws:ecr/repository:Repository", {"name": "a", "imageTagMutability": "MUTABLE"}),
    ],
    "AW-01": [
        put("prod-eu-control-cluster", "vpcConfig endpointPublicAccess", True),
        put("prod-eu-control-cluster", "enabledClusterLogTypes", ["api"]),
        gone("prod-eu-control-cluster", "encryptionConfig"),
    ],
    "AW-02": [
        put("prod-eu-system-template", "metadataOptions httpPutResponseHopLimit", 2),
        put("prod-eu-system-template", "metadataOptions httpTokens", "optional"),
        put("prod-eu-pools-dev-a100-class", "spec metadataOptions httpTokens", "optional"),
    ],
    "AW-03": [
        put(
            "prod-eu-storage-identity-rights",
            "policy",
            '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        ),
        put("prod-eu-security-inside", "cidrIpv4", "0.0.0.0/0"),
        put("prod-eu-security-inside", "cidrIpv6", "::/0"),
    ],
    "AW-04": [
        serve(trusted=trust("system:serviceaccount:mlops-serving:*", operator="StringLike")),
        serve(trusted=trust("system:serviceaccount:mlops-serving:wrong")),
        serve(trusted=trust(audience="elsewhere.example.com")),
    ],
}


@pytest.fixture(scope="module")
def world() -> World:
    return {item.resource: item for item in items_of(recorded_stack("prod"))}


CASES = [
    pytest.param(one, fault, id=f"{one}-{n}")
    for one, faults in FAULTS.items()
    for n, fault in enumerate(faults)
]


@pytest.mark.parametrize(("control", "fault"), CASES)
def test_a_fault_is_seen_by_its_control_and_by_at_most_two_others(
    control: str, fault: Fault, world: World
) -> None:
    broken = dict(world)
    fault(broken)
    found = judged(list(broken.values()), configuration_of("prod"))
    seen = {finding.control for finding in found if finding.level is Level.MANDATORY}
    assert control in seen
    assert len(seen - {control}) <= 2, sorted(seen)


def test_three_faults_are_tried_of_every_control() -> None:
    assert {control: len(faults) for control, faults in FAULTS.items()} == dict.fromkeys(CONTROLS, 3)


def test_a_model_that_is_served_right_is_no_fault(world: World) -> None:
    whole = dict(world)
    serve()(whole)
    found = judged(list(whole.values()), configuration_of("prod"))
    assert [finding for finding in found if finding.level is Level.MANDATORY] == []
