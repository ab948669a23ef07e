"""Controls SR: for each one documents that break it and documents that do not."""

from __future__ import annotations

import pytest
from controls.fields import whole
from controls.serving.canary import GOOD as CANARY
from controls.serving.model_access import GOOD as MODEL
from controls.serving.scaling import forbids_all, needed, percent

from tests.policy_packs.control_pairs import container, found, pod, resource

LABELS = "template: {metadata: {labels: {app: app}}}"


def workload(spec: str, *, kind: str = "Deployment", name: str = "app", namespace: str = "team") -> str:
    head = f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}"
    return f"{head}\nspec: {{{spec}}}\n---\n"


def budget(spec: str, *, namespace: str = "team", selector: str = "{matchLabels: {app: app}}") -> str:
    return (
        f"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: app, namespace: {namespace}}}\n"
        f"spec: {{{spec}, selector: {selector}}}\n---\n"
    )


def scaler(least: object = 5, most: object = 7, *, kind: str = "Deployment", name: str = "app") -> str:
    return (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: app, namespace: team}\n"
        f"spec: {{minReplicas: {least}, maxReplicas: {most}, scaleTargetRef: {{kind: {kind}, name: {name}}}}}\n---\n"
    )


HIDING = "apiVersion: helm.sh/v4\nkind: Chart\nnamespace: team\n"
"""A chart that nobody sees into, as a document; `HIDDEN` is one of a list."""
HIDDEN = "- {apiVersion: helm.sh/v4, kind: Chart, namespace: team}\n"


def rollout(spec: str) -> str:
    return f"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: app}}\nspec: {{{spec}}}\n"


PROBES = "livenessProbe: {exec: {command: [a]}}, readinessProbe: {exec: {command: [b]}}"
THREE = workload(f"replicas: 3, {LABELS}")
SHOWN = MODEL.replace("networking.kserve.io/visibility: cluster-local", "a: b")
ROUTE = """\
- apiVersion: gateway.networking.k8s.io/v1
  kind: HTTPRoute
  metadata: {name: fraud, namespace: team}
  spec: {parentRefs: [{name: in, namespace: gates}], rules: [{backendRefs: [{name: fraud-predictor}]}]}
"""
VIRTUAL = """\
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: {name: fraud, namespace: team}
  spec: {gateways: [mesh, gates/in], http: [{route: [{destination: {host: fraud.team.svc.cluster.local}}]}]}
"""

MIRROR = VIRTUAL.replace(
    "route: [{destination: {host: fraud.team.svc.cluster.local}}]", "mirror: {host: fraud}"
)
NOBODY = "action: DENY, rules: [{from: [{source: {notRequestPrincipals: ['*']}}]}]"
CALLERS = "rules: [{from: [{source: {requestPrincipals: ['https://id.example/*']}}]}]"


def guard(namespace: str, rules: str = CALLERS, selector: str = "{}") -> str:
    return f"""\
- apiVersion: security.istio.io/v1
  kind: RequestAuthentication
  metadata: {{name: realm, namespace: {namespace}}}
  spec: {{selector: {selector}}}
- apiVersion: security.istio.io/v1
  kind: AuthorizationPolicy
  metadata: {{name: realm, namespace: {namespace}}}
  spec: {{{rules}}}
"""


def condition(key: str, values: str) -> str:
    return f"rules: [{{when: [{{key: '{key}', {values}}}]}}]"


BAD = [
    ("SR-01", CANARY.replace("canaryTrafficPercent: 10", "canaryTrafficPercent: 51")),
    ("SR-01", CANARY.replace("canaryTrafficPercent: 10", "canaryTrafficPercent: !unknown ''")),
    ("SR-01", CANARY.replace("minReplicas: 2", "minReplicas: 1")),
    ("SR-01", CANARY.replace("minReplicas: 2", "minReplicas: two")),
    ("SR-01", CANARY.replace("    minReplicas: 2\n", "")),
    ("SR-01", CANARY.replace("fraud/7", "fraud/latest")),
    ("SR-01", CANARY.replace("  predictor:", "  transformer: {minReplicas: 0}\n  predictor:")),
    ("SR-01", rollout("revisionHistoryLimit: 0")),
    ("SR-01", rollout("strategy: {canary: {steps: [{pause: {}}, {setWeight: 80}]}}")),
    ("SR-02", budget("maxUnavailable: 0")),
    ("SR-02", budget("maxUnavailable: 0%")),
    ("SR-02", budget("minAvailable: 100%")),
    ("SR-02", budget("minAvailable: !unknown ''")),
    ("SR-02", budget("maxUnavailable: [1]")),
    ("SR-03", THREE),
    ("SR-03", THREE + budget("maxUnavailable: 1", namespace="other")),
    ("SR-03", THREE + budget("maxUnavailable: 1", selector="{matchLabels: {app: !unknown ''}}")),
    ("SR-03", THREE + budget("minAvailable: 3")),
    ("SR-03", THREE + budget("minAvailable: 90%")),
    ("SR-03", THREE + budget("maxUnavailable: 0")),
    ("SR-03", THREE + budget("minAvailable: 6") + scaler()),
    ("SR-03", THREE + budget("minAvailable: 5") + scaler(5, 5)),
    ("SR-03", scaler()),
    ("SR-03", THREE + budget("maxUnavailable: 1") + scaler(kind="StatefulSet")),
    ("SR-03", THREE + budget("maxUnavailable: 1") + scaler(name="!unknown ''")),
    ("SR-04", container("image: x")),
    ("SR-04", container("livenessProbe: {}, readinessProbe: {exec: {}}")),
    ("SR-04", container("livenessProbe: 7, readinessProbe: {exec: {}}")),
    ("SR-04", pod("!unknown ''")),
    ("SR-05", MODEL.replace("s3://models", "gs://models")),
    ("SR-05", MODEL.replace("s3://models/fraud/7", "pvc://models/fraud")),
    ("SR-05", MODEL.replace('"s3://models/fraud/7"', "!unknown ''")),
    ("SR-05", MODEL.replace("serviceAccountName: fraud", "serviceAccountName: default")),
    ("SR-05", MODEL.replace("serviceAccountName: fraud", "serviceAccountName: other")),
    ("SR-05", MODEL.replace("role/fraud", "role/other")),
    ("SR-05", SHOWN),
    ("SR-05", SHOWN + guard("elsewhere")),
    ("SR-05", MODEL + ROUTE),
    ("SR-05", MODEL + VIRTUAL),
    ("SR-05", MODEL + VIRTUAL.replace("http:", "tls:")),
    ("SR-05", MODEL + MIRROR),
    ("SR-05", SHOWN + guard("istio-gateways", f"action: DENY, {CALLERS}")),
    ("SR-05", SHOWN + guard("istio-gateways", f"action: AUDIT, {CALLERS}")),
    ("SR-05", SHOWN + guard("istio-gateways", f"selector: {{matchLabels: {{app: other}}}}, {CALLERS}")),
    ("SR-05", SHOWN + guard("istio-gateways", condition("request.auth.claims[iss]", "notValues: [x]"))),
    ("SR-05", SHOWN + guard("istio-gateways", condition("request.headers[a]", "values: [x]"))),
    ("SR-06", container("image: x")),
    ("SR-06", pod("{}", metadata="{name: a, ownerReferences: []}")),
    ("SR-06", pod("{}", metadata="{name: a, ownerReferences: 7}")),
    ("SR-06", workload("replicas: 1")),
    ("SR-06", workload("paused: false", kind="StatefulSet")),
    ("SR-06", workload("replicas: !unknown ''")),
    ("SR-06", workload("replicas: '2'")),
]

GOOD = [
    ("SR-01", CANARY.replace("canaryTrafficPercent: 10", "canaryTrafficPercent: 50")),
    ("SR-01", CANARY.replace("fraud/7", "fraud/latest-stable/7")),
    ("SR-01", rollout("strategy: {canary: {steps: [{setWeight: 10}, {setWeight: 100}]}}")),
    ("SR-02", budget("maxUnavailable: 1")),
    ("SR-02", budget("minAvailable: 50%")),
    ("SR-02", budget("minAvailable: 0")),
    ("SR-03", THREE + budget("minAvailable: 2")),
    ("SR-03", THREE + budget("maxUnavailable: 1", selector="{}")),
    (
        "SR-03",
        THREE + budget("maxUnavailable: 1", selector="{matchExpressions: [{key: app, operator: Exists}]}"),
    ),
    ("SR-03", workload(LABELS) + budget("minAvailable: 5")),
    ("SR-03", THREE + budget("minAvailable: 5") + scaler()),
    ("SR-03", scaler(kind="Rollout")),
    ("SR-03", scaler() + HIDING),
    ("SR-04", container(PROBES)),
    ("SR-04", pod("{restartPolicy: Never, containers: [{name: app}]}")),
    ("SR-04", "apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {containers: [{name: app}]}}}\n"),
    ("SR-04", container("livenessProbe: !unknown '', readinessProbe: {exec: {}}")),
    ("SR-05", f"{MODEL.replace('serviceAccountName: fraud', 'serviceAccountName: other')}{HIDDEN}"),
    ("SR-05", MODEL + ROUTE + guard("gates")),
    ("SR-05", MODEL + VIRTUAL + guard("gates")),
    ("SR-05", SHOWN + guard("istio-gateways")),
    ("SR-05", SHOWN + guard("istio-gateways", NOBODY)),
    ("SR-05", SHOWN + guard("istio-gateways", condition("request.auth.claims[iss]", "values: [x]"))),
    ("SR-05", SHOWN + guard("istio-gateways", CALLERS, "{matchLabels: {app: gateway}}")),
    ("SR-05", MODEL + VIRTUAL.replace("http:", "tls:") + guard("gates")),
    ("SR-06", pod("{}", metadata="{name: a, ownerReferences: [{kind: ReplicaSet, name: b}]}")),
    ("SR-06", workload("replicas: 2", kind="StatefulSet")),
    ("SR-06", workload("replicas: 3.0")),
]


@pytest.mark.parametrize(("control", "text"), BAD)
def test_what_breaks_a_control_is_found(control: str, text: str) -> None:
    assert found(control, text)


@pytest.mark.parametrize(("control", "text"), GOOD)
def test_what_meets_a_control_is_left_alone(control: str, text: str) -> None:
    assert found(control, text) == []


@pytest.mark.parametrize(
    ("control", "text"),
    [
        ("SR-01", CANARY.replace("minReplicas: 2", "minReplicas: 0")),
        ("SR-03", THREE),
        ("SR-06", workload("replicas: 1")),
    ],
)
def test_development_may_run_one_copy(control: str, text: str) -> None:
    assert found(control, text, environment="dev") == []


def test_a_bound_for_canaries_may_be_set() -> None:
    assert found("SR-01", CANARY, maxCanaryPercent=5)


def test_pod_identity_gives_a_model_its_role_as_well() -> None:
    without = MODEL.replace("role/fraud", "role/other")
    identity = resource(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation", "{namespace: team, serviceAccount: fraud}"
    )
    assert found("SR-05", f"{without}---\n{identity}") == []


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (2, 2),
        (2.0, 2),
        (0, 0),
        (-1, None),
        (1.5, None),
        (True, None),
        ("2", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, 10**400),
    ],
)
def test_a_whole_number_is_read_as_grpc_brings_it(value: object, number: int | None) -> None:
    assert whole(value) == number


def test_a_share_of_copies_is_rounded_up() -> None:
    assert [needed("50%", 3), needed("34%", 3), needed(2, 3), needed("x", 3)] == [2, 2, 2, None]
    assert percent("100%") == 100
    assert forbids_all("0")
    assert not forbids_all("1%")
