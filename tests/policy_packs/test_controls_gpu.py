"""Controls GC: for each one documents that break it and documents that do not."""

from __future__ import annotations

from typing import Any, Final

import pytest
from controls.gpu.pools import offered
from controls.gpu.requests import is_gpu, is_slice
from controls.objects import items
from controls.stack import Stack

from tests.policy_packs.control_pairs import container, documents, found, pod, resource

LABELS: Final[dict[str, Any]] = {"requiredLabels": ["team", "cost-center"]}
GROUP = "aws:eks/nodeGroup:NodeGroup"
SLICE = "nvidia.com/mig-1g.10gb"
MIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: mig}
data:
  config.yaml: |
    version: v1
    mig-configs:
      half:
      - devices: all
        mig-enabled: true
        mig-devices:
          1g.10gb: 2
          2g.20gb: 0
          "1g.10gb+me": 1
---
"""


def asking(resources: str) -> str:
    return container(f"resources: {{{resources}}}")


def pool(spec: str) -> str:
    return f"apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {{name: p}}\nspec: {{{spec}}}\n---\n"


def needing(requirement: str, more: str = "") -> str:
    return pool(f"template: {{spec: {{requirements: [{{{requirement}}}]}}}}, {more}")


def namespace(name: str = "team", labels: str = "{}") -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n---\n"


def bounds(name: str = "team", hard: str = "{requests.nvidia.com/gpu: '0'}") -> str:
    metadata = f"metadata: {{name: a, namespace: {name}}}"
    return (
        f"apiVersion: v1\nkind: ResourceQuota\n{metadata}\nspec: {{hard: {hard}}}\n---\n"
        f"apiVersion: v1\nkind: LimitRange\n{metadata}\n---\n"
    )


OFFER = pool(f"limits: {{nodes: '1', {SLICE}: '7'}}")
ONE = f"limits: {{{SLICE}: 1}}"
TOLERANT = "tolerations: [{key: nvidia.com/gpu, operator: Exists}]"
TENANT = namespace("team", "{mlops.platform/tenant-purpose: dev}")
GPU_NODES = "amiType: AL2023_x86_64_NVIDIA"
INFERENCE = f"""\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: i, namespace: team}}
spec: {{predictor: {{model: {{resources: {{limits: {{{SLICE}: 1}}}}}}}}}}
"""

BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("GC-01", OFFER + asking("limits: {nvidia.com/gpu: 1}"), {}),
    ("GC-01", OFFER + asking("limits: {nvidia.com/gpu.shared: 1}"), {}),
    ("GC-01", OFFER + asking("limits: {amd.com/gpu: 1}"), {}),
    ("GC-01", OFFER + asking(f"limits: {{{SLICE}: 0.5}}"), {}),
    ("GC-01", OFFER + asking(f"limits: {{{SLICE}: '0'}}"), {}),
    ("GC-01", OFFER + asking(f"limits: {{{SLICE}: !unknown ''}}"), {}),
    ("GC-01", OFFER + asking(f"requests: {{{SLICE}: 1}}"), {}),
    ("GC-01", OFFER + asking(f"limits: {{{SLICE}: 2}}, requests: {{{SLICE}: 1}}"), {}),
    ("GC-01", asking(ONE), {}),
    ("GC-01", OFFER.replace("'7'", "'0'") + asking(ONE), {}),
    ("GC-01", OFFER + asking("limits: {nvidia.com/mig-2g.20gb: 1}"), {}),
    ("GC-01", INFERENCE, {}),
    ("GC-01", INFERENCE.replace("model: {", "containers: [{").replace("}}}}}", "}}}]}}"), {}),
    ("GC-02", container("env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]"), {}),
    ("GC-02", container("env: [{name: NVIDIA_VISIBLE_DEVICES, value: !unknown ''}]"), {}),
    ("GC-02", pod(f"{{{TOLERANT}, containers: [{{name: a}}]}}"), {}),
    ("GC-02", pod("{tolerations: [{operator: Exists}], containers: [{name: a}]}"), {}),
    ("GC-02", pod("{tolerations: [7], containers: [{name: a}]}"), {}),
    ("GC-02", pool("template: {spec: {taints: [{key: nvidia.com/gpu}]}}"), {}),
    ("GC-02", needing("key: karpenter.k8s.aws/instance-category, operator: In, values: [g]"), {}),
    ("GC-02", needing("key: node.kubernetes.io/instance-type, operator: In, values: [p5.48xlarge]"), {}),
    ("GC-02", needing("key: karpenter.k8s.aws/instance-gpu-count, operator: Gt, values: ['0']"), {}),
    ("GC-02", pool("limits: {nvidia.com/gpu: '8'}, replicas: 2"), {}),
    ("GC-02", resource(GROUP, f"{{{GPU_NODES}, scalingConfig: {{minSize: 1, maxSize: 2}}}}"), {}),
    ("GC-02", resource(GROUP, "{instanceTypes: [g6.xlarge], scalingConfig: {minSize: 0}}"), {}),
    ("GC-02", resource(GROUP, f"{{{GPU_NODES}, scalingConfig: !unknown ''}}"), {}),
    ("GC-03", namespace(), {}),
    ("GC-03", namespace() + bounds("other"), {}),
    ("GC-03", namespace() + bounds().replace("kind: LimitRange", "kind: Other"), {}),
    ("GC-03", namespace() + bounds(hard="{requests.cpu: '1'}"), {}),
    ("GC-03", namespace() + bounds(hard="!unknown ''"), {}),
    ("GC-03", TENANT + bounds("other"), {}),
    ("GC-04", namespace(labels="{team: a}"), LABELS),
    ("GC-04", namespace(labels="{team: a, cost-center: ''}"), LABELS),
    ("GC-04", namespace(labels="[team]"), LABELS),
    ("GC-04", pod("{}", metadata="{name: a, labels: {team: 7, cost-center: b}}"), LABELS),
    (
        "GC-04",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {labels: {team: a, cost-center: b}}\n",
        LABELS,
    ),
    ("GC-04", resource("aws:s3/bucketV2:BucketV2", "{tags: {team: a}}"), LABELS),
]

GOOD: list[tuple[str, str, dict[str, Any]]] = [
    ("GC-01", OFFER + asking(ONE), {}),
    ("GC-01", OFFER + asking(f"limits: {{{SLICE}: '2'}}, requests: {{{SLICE}: 2}}"), {}),
    ("GC-01", MIG + asking(ONE), {}),
    ("GC-01", asking("limits: {cpu: 1}"), {}),
    ("GC-01", OFFER + INFERENCE, {}),
    ("GC-02", container("env: [{name: NVIDIA_VISIBLE_DEVICES, value: void}]"), {}),
    ("GC-02", pod(f"{{{TOLERANT}, containers: [{{name: a, resources: {{{ONE}}}}}]}}"), {}),
    ("GC-02", f"apiVersion: apps/v1\nkind: DaemonSet\nspec: {{template: {{spec: {{{TOLERANT}}}}}}}\n", {}),
    ("GC-02", pod("{tolerations: [{key: CriticalAddonsOnly, operator: Exists}], containers: []}"), {}),
    ("GC-02", pool("limits: {nodes: '2', nvidia.com/gpu: '8'}"), {}),
    ("GC-02", needing("key: karpenter.k8s.aws/instance-category, operator: NotIn, values: [g, p]"), {}),
    ("GC-02", resource(GROUP, f"{{{GPU_NODES}, scalingConfig: {{minSize: 0, maxSize: 2}}}}"), {}),
    ("GC-02", resource(GROUP, "{instanceTypes: [m7i.xlarge], scalingConfig: {minSize: 3}}"), {}),
    ("GC-03", namespace() + bounds(), {}),
    ("GC-03", TENANT + bounds() + namespace("vault"), {}),
    ("GC-03", namespace("kube-system") + namespace("istio-gateways"), {}),
    ("GC-04", namespace(labels="{team: a, cost-center: !unknown ''}"), LABELS),
    ("GC-04", namespace(), {}),
    ("GC-04", pod("{}", metadata="{name: a, labels: {team: a, cost-center: b}}"), LABELS),
    ("GC-04", resource("aws:s3/bucketV2:BucketV2", "{tags: {team: a, cost-center: b}}"), LABELS),
]


@pytest.mark.parametrize(("control", "text", "given"), BAD)
def test_what_breaks_a_control_is_found(control: str, text: str, given: dict[str, Any]) -> None:
    assert found(control, text, **given)


@pytest.mark.parametrize(("control", "text", "given"), GOOD)
def test_what_meets_a_control_is_left_alone(control: str, text: str, given: dict[str, Any]) -> None:
    assert found(control, text, **given) == []


def test_default_tags_of_a_provider_are_on_all_that_it_makes() -> None:
    provider = resource(
        "pulumi:providers:aws", '{defaultTags: \'{"tags": {"team": "a", "cost-center": "b"}}\'}', name="eu"
    )
    key = resource("aws:kms/key:Key", "{}", options="{provider: eu}")
    assert found("GC-04", f"{provider}---\n{key}", **LABELS) == []
    assert found("GC-04", f"{provider}---\n{key}".replace("provider: eu", "provider: us"), **LABELS)


def test_a_cluster_offers_what_its_pools_overlays_nodes_and_mig_layouts_have() -> None:
    capacity = "{nvidia.com/gpu: '0', nvidia.com/mig-3g.40gb: '2'}"
    overlay = f"apiVersion: karpenter.sh/v1alpha1\nkind: NodeOverlay\nspec: {{capacity: {capacity}}}\n---\n"
    node = "apiVersion: v1\nkind: Node\nstatus: {allocatable: {nvidia.com/mig-4g.40gb: '1', cpu: '2'}}\n---\n"
    stack = Stack(items(documents(OFFER + overlay + node + MIG)))
    assert offered(stack, "") == {
        SLICE, "nvidia.com/mig-3g.40gb", "nvidia.com/mig-4g.40gb", "nvidia.com/mig-1g.10gb.me"
    }  # fmt: skip
    assert offered(stack, "elsewhere") == frozenset()


@pytest.mark.parametrize(
    ("name", "gpu", "part"),
    [
        ("nvidia.com/gpu", True, False),
        (SLICE, True, True),
        (f"{SLICE}.shared", True, False),
        ("cpu", False, False),
    ],
)
def test_a_slice_is_one_instance_that_is_shared_with_nobody(name: str, gpu: bool, part: bool) -> None:
    assert (is_gpu(name), is_slice(name)) == (gpu, part)
