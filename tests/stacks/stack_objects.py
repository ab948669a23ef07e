"""What a stack declares, by what it is for: objects, pods, accounts and who selects whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.recorder import Declaration, Recorder

Place = tuple[str, str]
"""Cluster and namespace."""

Account = tuple[str, str, str]
"""Cluster, namespace and name."""

CLUSTER_WIDE = {
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterSecretStore",
    "CustomResourceDefinition",
    "EC2NodeClass",
    "Namespace",
    "NodeOverlay",
    "NodePool",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}


INSTALLED_APART = {"external-secrets": {"app.kubernetes.io/name": "external-secrets"}}
"""Pods that others bring into namespaces of the stack (docs/operator.md), with the labels that the chart of
external-secrets gives its controller, from its own name."""


def place(one: Declaration) -> Place:
    if one.is_chart:
        return (one.provider, one.inputs["namespace"])
    return (one.provider, one.inputs["metadata"].get("namespace", ""))


def name(one: Declaration) -> str:
    return str(one.inputs["metadata"]["name"])


def of_kind(recorded: Recorder, *kinds: str) -> Iterator[Declaration]:
    return (one for one in recorded.kubernetes if one.inputs["kind"] in kinds)


def of_type(recorded: Recorder, *types: str) -> list[Declaration]:
    """Declarations by the last part of their type (`AuthBackend`), of any provider."""
    return [one for one in recorded.declarations if one.type.rpartition(":")[2] in types]


def charts(recorded: Recorder) -> list[Declaration]:
    """Charts of the platform; those that an EKS cluster itself needs are in a namespace that is not the stack's."""
    return [one for one in recorded.declarations if one.is_chart and one.inputs["namespace"] != "kube-system"]


def namespaces(recorded: Recorder) -> set[Place]:
    return {(one.provider, name(one)) for one in of_kind(recorded, "Namespace")}


def running(recorded: Recorder) -> list[Declaration]:
    """All that starts pods, at once or through an operator or a chart."""
    return [*of_kind(recorded, "Deployment", "Keycloak"), *charts(recorded)]


def pods(recorded: Recorder) -> Iterator[tuple[Declaration, dict[str, Any]]]:
    for one in of_kind(recorded, "Deployment"):
        yield one, one.inputs["spec"]["template"]


def operated_pods(recorded: Recorder) -> Iterator[tuple[Declaration, dict[str, Any]]]:
    """Pods of Keycloak's operator, which starts from the template in its resource and adds to it."""
    for one in of_kind(recorded, "Keycloak"):
        template = one.inputs["spec"]["unsupported"]["podTemplate"]
        said = {"automountServiceAccountToken": one.inputs["spec"]["automountServiceAccountToken"]}
        yield one, {**template, "spec": {**template["spec"], **said}}


def chart_pods(recorded: Recorder) -> Iterator[tuple[Declaration, dict[str, str]]]:
    """The secret store's charts label their servers with the chart's name and with `extraLabels`."""
    for one in charts(recorded):
        yield (
            one,
            {"app.kubernetes.io/name": one.inputs["name"], **one.inputs["values"]["server"]["extraLabels"]},
        )


def pod_labels(recorded: Recorder) -> list[tuple[Place, Mapping[str, str]]]:
    """The labels of all pods in the stack's namespaces, whoever makes them."""
    templates = [*pods(recorded), *operated_pods(recorded)]
    return [
        *((place(one), template["metadata"]["labels"]) for one, template in templates),
        *((place(one), labels) for one, labels in chart_pods(recorded)),
        *(
            (there, INSTALLED_APART[there[1]])
            for there in namespaces(recorded)
            if there[1] in INSTALLED_APART
        ),
    ]


def accounts(recorded: Recorder) -> set[Account]:
    """ServiceAccounts that are declared, and those that charts make under their release's name."""
    made = {(*place(one), name(one)) for one in of_kind(recorded, "ServiceAccount")}
    return made | {
        (*place(one), one.inputs["name"])
        for one in charts(recorded)
        if one.inputs["values"]["server"]["serviceAccount"]["create"]
    }


def selected(spec: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels that an object selects pods by; none for all pods of its namespace."""
    wanted = spec.get("podSelector") or spec.get("endpointSelector") or spec.get("selector") or {}
    found: Mapping[str, str] = wanted.get("matchLabels", wanted)
    return found
