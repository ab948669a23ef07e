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
    "CiliumClusterwideNetworkPolicy",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterSecretStore",
    "ClusterQueue",
    "CustomResourceDefinition",
    "EC2NodeClass",
    "Namespace",
    "NodeOverlay",
    "NodePool",
    "ResourceFlavor",
    "StorageClass",
    "Topology",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "WorkloadPriorityClass",
}


STORES = {"vault", "openbao"}
"""Names of the secret store's charts."""

OPERATOR = "external-secrets"
INSTALLED_APART = {OPERATOR: {"app.kubernetes.io/name": OPERATOR}}
"""Pods in namespaces of the stack, whoever installs their chart, with the labels that it gives its controller from its
own name."""

SYSTEM = {
    "kube-system": [
        {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name}
        for name in ("cert-manager", "istio-cni", "karpenter", "aws-load-balancer-controller", "gpu-operator")
    ]
}
"""What the program puts into namespaces that every cluster has: pods by their labels, whoever installs the chart."""

MESH = {
    "istio-system": ("istiod",),
    "istio-gateways": ("ingress", "east-west"),
    "kueue-system": ("kueue",),
}
"""Pods of the mesh's control plane and of Kueue, from their charts, and of gateways, which the mesh makes from their
objects: name by namespace."""


def place(one: Declaration) -> Place:
    """What comes before everything else has a provider of its own, in the same cluster."""
    cluster = one.provider.removesuffix("-bootstrap")
    if one.is_chart:
        return (cluster, one.inputs["namespace"])
    return (cluster, one.inputs["metadata"].get("namespace", ""))


def name(one: Declaration) -> str:
    return str(one.inputs["metadata"]["name"])


def meshed(recorded: Recorder) -> set[Place]:
    """Namespaces whose pods get a proxy."""
    return {
        (place(one)[0], name(one))
        for one in of_kind(recorded, "Namespace")
        if "istio.io/rev" in one.inputs["metadata"]["labels"]
    }


def of_kind(recorded: Recorder, *kinds: str) -> Iterator[Declaration]:
    return (one for one in recorded.kubernetes if one.inputs["kind"] in kinds)


def of_type(recorded: Recorder, *types: str) -> list[Declaration]:
    """Declarations by the last part of their type (`AuthBackend`), of any provider."""
    return [one for one in recorded.declarations if one.type.rpartition(":")[2] in types]


def charts(recorded: Recorder) -> list[Declaration]:
    """Those of hosted servers: what every cluster has comes from others, which have tests of their own."""
    return [one for one in recorded.declarations if one.is_chart and one.inputs["name"] in STORES]


def controllers(recorded: Recorder) -> list[Declaration]:
    """external-secrets; the chart that brings its kinds runs nothing."""
    return [
        one
        for one in recorded.declarations
        if one.is_chart
        and one.inputs["name"] == OPERATOR
        and one.inputs["values"].get("createOperator", True)
    ]


def namespaces(recorded: Recorder) -> set[Place]:
    return {(one.provider, name(one)) for one in of_kind(recorded, "Namespace")}


def running(recorded: Recorder) -> list[Declaration]:
    """All that starts pods, at once or through an operator or a chart."""
    return [*of_kind(recorded, "Deployment", "Keycloak"), *charts(recorded), *controllers(recorded)]


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
        *((there, labels) for there in system_places(recorded) for labels in SYSTEM[there[1]]),
        *(
            (there, {"app.kubernetes.io/name": name})
            for there in namespaces(recorded)
            for name in MESH.get(there[1], ())
        ),
    ]


def system_places(recorded: Recorder) -> set[Place]:
    """Namespaces that every cluster has, and in which the program has something."""
    return {(cluster, name) for cluster, _ in namespaces(recorded) for name in SYSTEM}


def accounts(recorded: Recorder) -> set[Account]:
    """ServiceAccounts that are declared, and those that charts and gateways make under their own names."""
    made = {(*place(one), name(one)) for one in of_kind(recorded, "ServiceAccount")}
    gateways = {(*place(one), f"{name(one)}-istio") for one in of_kind(recorded, "Gateway")}
    return (
        made
        | gateways
        | {
            (*there, labels["app.kubernetes.io/name"])
            for there in system_places(recorded)
            for labels in SYSTEM[there[1]]
        }
        | {
            (*place(one), one.inputs["name"])
            for one in charts(recorded)
            if one.inputs["values"]["server"]["serviceAccount"]["create"]
        }
    )


def selected(spec: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels that an object selects pods by; none for all pods of its namespace."""
    wanted = spec.get("podSelector") or spec.get("endpointSelector") or spec.get("selector") or {}
    found: Mapping[str, str] = wanted.get("matchLabels", wanted)
    return found
