"""The twins of the controls on real API servers: who comes with kubectl is refused what the packs refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kubernetes import client

from components.admission.twins import guards
from config import catalog
from config.load import read
from config.outside import read_outside
from tests.components.admission_requests import create
from tests.platform.command import ROOT, Platform
from tests.platform.store import api

pytestmark = pytest.mark.lab

CLUSTERS = ("east", "west")
USER, TENANT = "somebody", "mlops-dev"
IMAGE = catalog.MLFLOW_IMAGE.reference
OTHER = "ghcr.io/mlops-platform/app"
CALLER = {"source": {"principals": ["cluster.local/ns/mlops-dev/sa/workload"]}}
SELECTOR = {"matchLabels": {"app": "proof"}}
ENFORCE = "pod-security.kubernetes.io/enforce"
RESTRICTED = {ENFORCE: "restricted", f"{ENFORCE}-version": catalog.POD_SECURITY_VERSION}
REVISION = {"istio.io/rev": "stable"}
PURPOSE = {"mlops.platform/tenant-purpose": "dev"}


def pod(image: str = IMAGE, security: Mapping[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A pod that meets every control, but for what is changed."""
    secure = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        **(security or {}),
    }
    container = {"name": "app", "image": image, "securityContext": secure}
    account = {"serviceAccountName": "workload", "automountServiceAccountToken": False}
    whole = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "proof", "namespace": TENANT, "labels": {"app": "proof"}},
        "spec": {"containers": [container], "securityContext": whole, **account, **spec},
    }


def deployment(made: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": "proof"}, "annotations": dict(annotations or {})},
        "spec": made["spec"],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "proof", "namespace": TENANT},
        "spec": {"replicas": 0, "selector": SELECTOR, "template": template},
    }


def istio(kind: str, spec: Mapping[str, Any], namespace: str = TENANT, name: str = "proof") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "security.istio.io/v1", "kind": kind, "metadata": metadata, "spec": dict(spec)}


def namespace(**labels: Mapping[str, str]) -> dict[str, Any]:
    merged = {key: value for some in labels.values() for key, value in some.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "proof", "labels": merged}}


def mode(mode: str) -> dict[str, Any]:
    return {"selector": SELECTOR, "mtls": {"mode": "STRICT"}, "portLevelMtls": {"8080": {"mode": mode}}}


def issued(platform: Platform, suffix: str = "") -> dict[str, Any]:
    return istio("RequestAuthentication", {"jwtRules": [{"issuer": f"{issuer(platform)}{suffix}"}]})


def issuer(platform: Platform) -> str:
    settings = read(ROOT, "dev").with_outside(read_outside(platform.folder.root))
    return settings.outside.url(settings.access.issuer)


def cases(platform: Platform) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Policy to what it refuses and what it lets through; nothing else of the platform refuses either."""
    pods = {
        "mlops-wl-01-pods": pod(security={"privileged": True, "allowPrivilegeEscalation": True}),
        "mlops-wl-02-pods": pod(hostPID=True),
        "mlops-wl-03-pods": pod(volumes=[{"name": "run", "hostPath": {"path": "/var/run"}}]),
        "mlops-sc-01-images": pod("registry.example.com/app:1"),
        "mlops-sc-02-images": pod(OTHER),
    }
    allow, default = "AuthorizationPolicy", {"mtls": {"mode": "STRICT"}}
    denied = {"operation": {"notPaths": ["/a"]}}
    return {
        **{name: (deployment(bad), deployment(pod(f"{OTHER}:1"))) for name, bad in pods.items()},
        "mlops-wl-13-namespaces": (
            namespace(level={**RESTRICTED, ENFORCE: "baseline"}),
            namespace(level=RESTRICTED),
        ),
        "mlops-ms-01-peer-authentications": (
            istio("PeerAuthentication", mode("PERMISSIVE")),
            istio("PeerAuthentication", mode("STRICT")),
        ),
        "mlops-ms-02-peer-authentications": (
            istio("PeerAuthentication", default, "istio-system"),
            istio("PeerAuthentication", {**default, "selector": SELECTOR}, "istio-system"),
        ),
        "mlops-ms-02-allow-nothing": (
            istio(allow, {"rules": [{"from": [CALLER]}]}, "proof-elsewhere", "allow-nothing"),
            istio(allow, {}, "proof-elsewhere", "allow-nothing"),
        ),
        "mlops-ms-03-allow": (istio(allow, {"rules": [{}]}), istio(allow, {"rules": [{"from": [CALLER]}]})),
        "mlops-ms-03-deny": (
            istio(allow, {"action": "DENY", "rules": [{"to": [denied]}]}),
            istio(
                allow,
                {"action": "DENY", "rules": [{"from": [CALLER], "to": [{"operation": {"paths": ["/a"]}}]}]},
            ),
        ),
        "mlops-ms-05-request-authentications": (issued(platform, "x"), issued(platform)),
        "mlops-ms-07-pods": (
            deployment(pod(), {"sidecar.istio.io/inject": "false"}),
            deployment(pod(), {"sidecar.istio.io/inject": "true"}),
        ),
        "mlops-ms-07-namespaces": (
            namespace(level=RESTRICTED, purpose=PURPOSE),
            namespace(level=RESTRICTED, purpose=PURPOSE, mesh=REVISION),
        ),
    }


@pytest.fixture(scope="module", params=CLUSTERS)
def user(platform: Platform, request: pytest.FixtureRequest) -> Iterator[client.ApiClient]:
    """A cluster as somebody sees it whom RBAC lets make anything: what stops them is admission alone."""
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    with api(platform, request.param) as admin, api(platform, request.param) as somebody:
        core, rbac = client.CoreV1Api(admin), client.RbacAuthorizationV1Api(admin)
        elsewhere = namespace(level=RESTRICTED) | {
            "metadata": {"name": "proof-elsewhere", "labels": RESTRICTED}
        }
        rbac.create_cluster_role_binding(
            {"metadata": {"name": "proof"}, "roleRef": role, "subjects": [subject]}
        )
        core.create_namespace(elsewhere)
        try:
            somebody.set_default_header("Impersonate-User", USER)
            yield somebody
        finally:
            core.delete_namespace("proof-elsewhere")
            rbac.delete_cluster_role_binding("proof")


def refusal(user: client.ApiClient, manifest: Mapping[str, Any]) -> str:
    """Why the server would not take the object; nothing if it would."""
    group, version, resource = create(manifest)["resource"]
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    inside = manifest["metadata"].get("namespace")
    path = f"{root}/namespaces/{inside}/{resource}" if inside else f"{root}/{resource}"
    asked = user.param_serialize(
        "POST",
        path,
        query_params=[("dryRun", "All")],
        header_params={"Content-Type": "application/json"},
        body=dict(manifest),
        auth_settings=["BearerToken"],
    )
    answer = user.call_api(*asked)
    answer.read()
    assert answer.status in {201, 403, 422}, answer.data
    return "" if answer.status == 201 else str(json.loads(answer.data)["message"])


def test_every_policy_of_a_cluster_is_proved(platform: Platform) -> None:
    made = guards((), digests=False, issuer=issuer(platform))
    assert {guard.name for guard in made} == cases(platform).keys()


def test_every_policy_refuses_its_bad_object_by_the_controls_name_and_takes_the_good_one(
    platform: Platform, user: client.ApiClient
) -> None:
    for name, (bad, good) in cases(platform).items():
        control = name.removeprefix("mlops-")[:5].upper()
        said = refusal(user, bad)
        assert f"'{name}'" in said, said
        assert f"{control}: " in said
        assert refusal(user, good) == "", name


def test_keys_of_ones_own_and_callers_by_what_they_are_not_are_refused(
    platform: Platform, user: client.ApiClient
) -> None:
    for keys in ({"jwks": '{"keys": []}'}, {"jwks_uri": f"{issuer(platform)}/certs"}):
        rule = {"issuer": issuer(platform), **keys}
        assert "MS-05: " in refusal(user, istio("RequestAuthentication", {"jwtRules": [rule]}))
    others = {"key": "source.namespace", "notValues": ["elsewhere"]}
    assert "MS-03: " in refusal(user, istio("AuthorizationPolicy", {"rules": [{"when": [others]}]}))


@pytest.mark.parametrize(
    "bad",
    [
        pod(security={"privileged": True, "allowPrivilegeEscalation": True}),
        pod(hostPID=True),
        pod(volumes=[{"name": "run", "hostPath": {"path": "/var/run"}}]),
        pod(security={"allowPrivilegeEscalation": True}),
        pod(security={"capabilities": {"add": ["NET_ADMIN"]}}),
        pod(security={"runAsUser": 0}),
        pod(security={"seccompProfile": {"type": "Unconfined"}}),
        pod(volumes=[{"name": "n", "nfs": {"server": "nfs.example.com", "path": "/"}}]),
        pod(security={"seLinuxOptions": {"user": "sysadm_u"}}),
    ],
    ids=["WL-01", "WL-02", "WL-03", "WL-04", "WL-05", "WL-06", "WL-07", "WL-08", "WL-10"],
)
def test_the_namespaces_label_refuses_a_pod_that_is_not_restricted(
    user: client.ApiClient, bad: dict[str, Any]
) -> None:
    assert 'violates PodSecurity "restricted:' in refusal(user, bad)
    assert refusal(user, pod()) == ""


def test_the_clusters_own_namespaces_keep_working(user: client.ApiClient) -> None:
    agent = deployment(pod("registry.example.com/agent", hostNetwork=True))
    agent["metadata"]["namespace"] = "kube-system"
    assert refusal(user, agent) == ""
