"""Controls WL-12 and WL-13: for each one documents that break it and documents that do not."""

from __future__ import annotations

import pytest

from tests.policy_packs.control_pairs import found


def of(kind: str, namespace: str, *, group: str = "v1") -> str:
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: it{namespace}}}\n"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (of("ConfigMap", ", namespace: team"), None),
        (of("ConfigMap", ", namespace: default"), "is default"),
        (of("ConfigMap", ""), "is not set"),
        (of("ConfigMap", ", namespace: ''"), "is not set"),
        (of("ConfigMap", ", namespace: 3"), "has the wrong type"),
        (of("ConfigMap", ", namespace: !unknown x"), None),
        (of("Deployment", "", group="extensions/v1beta1"), "is not set"),
        (of("VirtualService", "", group="networking.istio.io/v1"), "is not set"),
        (of("Anything", "", group="example.com/v1"), None),
        (of("Anything", ", namespace: default", group="example.com/v1"), "is default"),
        (of("Namespace", ""), None),
        (of("ClusterIssuer", ", namespace: default", group="cert-manager.io/v1"), None),
        (of("NodePool", ", namespace: default", group="karpenter.sh/v1"), None),
        (of("WorkloadPriorityClass", ", namespace: default", group="kueue.x-k8s.io/v1beta2"), None),
        (of("ImageValidatingPolicy", ", namespace: default", group="policies.kyverno.io/v1"), None),
        (of("LocalQueue", ", namespace: default", group="kueue.x-k8s.io/v1beta2"), "is default"),
        (
            "type: kubernetes:helm.sh/v4:Chart\nname: c\nproperties: {metadata: {namespace: default}}\n",
            None,
        ),
    ],
)
def test_wl_12_asks_for_a_namespace_where_there_is_one(document: str, says: str | None) -> None:
    messages = found("WL-12", document)
    assert len(messages) == (says is not None)
    assert (says or "") in "".join(messages)


@pytest.mark.parametrize(
    ("level", "version", "faults"),
    [
        ("restricted", "v1.36", 0),
        ("restricted", "latest", 1),
        ("baseline", "v1.36", 1),
        ("privileged", "''", 2),
        ("!unknown x", "v1.36", 1),
    ],
)
def test_wl_13_asks_for_restricted_at_a_pinned_version(level: str, version: str, faults: int) -> None:
    enforce = "pod-security.kubernetes.io/enforce"
    labels = f"{{{enforce}: {level}, {enforce}-version: {version}}}"
    document = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: team, labels: {labels}}}\n"
    assert len(found("WL-13", document)) == faults
    assert len(found("WL-13", "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n")) == 2
