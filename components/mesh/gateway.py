"""A gateway of the mesh: the Gateway API's object, from which Istio makes Deployment, Service and account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from components.manifest import Manifest, NamespaceRef, kubernetes_object
from components.mesh.names import EAST_WEST, EAST_WEST_PORT, INGRESS, NETWORK_LABEL, TAG

CLASS = "istio"
API = "gateway.networking.k8s.io/v1"
REDIRECT, PEOPLE = "redirect", "people"
HTTP, HTTPS = 80, 443


def options(name: str, namespace: NamespaceRef, labels: Mapping[str, str]) -> Manifest:
    """What Istio adds to a gateway's Deployment: two to five pods, of which a drain takes one at a time, each with
    bounds."""
    container = {
        "name": "istio-proxy",
        "resources": {
            "requests": {"cpu": "200m", "memory": "256Mi"},
            "limits": {"cpu": "2", "memory": "1Gi"},
        },
    }
    data = {
        "deployment": {"spec": {"template": {"spec": {"containers": [container]}}}},
        "horizontalPodAutoscaler": {"spec": {"minReplicas": 2, "maxReplicas": 5}},
        "podDisruptionBudget": {"spec": {"maxUnavailable": 1}},
    }
    texts = {key: json.dumps(value, sort_keys=True) for key, value in data.items()}
    return kubernetes_object(
        "v1", "ConfigMap", f"{name}-options", namespace=namespace, labels=labels, data=texts
    )


def east_west(
    network: str,
    namespace: NamespaceRef,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    options_name: Any,
) -> Manifest:
    """Where other networks' proxies come in: it passes mutual TLS on by the name in its greeting and ends none, so
    both ends see each other's identity. Istio knows it by its network, and by listener and port."""
    listener = {
        "name": "tls-passthrough",
        "hostname": "*.local",
        "port": EAST_WEST_PORT,
        "protocol": "TLS",
        "tls": {
            "mode": "Passthrough",
            "options": {"gateway.istio.io/listener-protocol": "auto-passthrough"},
        },
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }
    made = _gateway(EAST_WEST, [listener], namespace, labels, annotations, options_name)
    made["metadata"]["labels"][NETWORK_LABEL] = network
    return made


def ingress(
    secrets: Mapping[str, Any],
    passed: Mapping[str, str],
    namespace: NamespaceRef,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    options_name: Any,
) -> Manifest:
    """Where people come in. `secrets` are TLS Secrets by the host that they are for; `passed` are names of servers
    by their host, which end TLS themselves."""
    listeners: list[dict[str, Any]] = [
        {
            "name": REDIRECT,
            "port": HTTP,
            "protocol": "HTTP",
            "allowedRoutes": {"namespaces": {"from": "Same"}},
        }
    ]
    for host, secret in secrets.items():
        listeners.append(
            {
                "name": _people_listener(host),
                "hostname": host,
                "port": HTTPS,
                "protocol": "HTTPS",
                "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": secret}]},
                "allowedRoutes": {"namespaces": {"from": "Same"}},
            }
        )
    for host, server in passed.items():
        listeners.append(
            {
                "name": server,
                "hostname": host,
                "port": HTTPS,
                "protocol": "TLS",
                "tls": {"mode": "Passthrough"},
                "allowedRoutes": {"namespaces": {"from": "Same"}},
            }
        )
    return _gateway(INGRESS, listeners, namespace, labels, annotations, options_name)


def redirect_route(gateway: Any, namespace: NamespaceRef) -> Manifest:
    """Plain HTTP is answered with where HTTPS is, and with nothing else."""
    to_https = {
        "type": "RequestRedirect",
        "requestRedirect": {"scheme": "https", "port": HTTPS, "statusCode": 301},
    }
    spec = {
        "parentRefs": [{"name": gateway, "sectionName": REDIRECT}],
        "rules": [{"filters": [to_https]}],
    }
    return kubernetes_object(API, "HTTPRoute", "to-https", namespace=namespace, spec=spec)


def people_route(gateway: Any, host: str, service: str, server: str, port: int, ns: NamespaceRef) -> Manifest:
    """A host to a Service of another namespace, which a `grant` there allows."""
    return _route("HTTPRoute", gateway, _people_listener(host), host, service, server, port, ns)


def passed_route(gateway: Any, host: str, service: str, server: str, port: int, ns: NamespaceRef) -> Manifest:
    """Likewise for a server that ends TLS itself."""
    return _route("TLSRoute", gateway, server, host, service, server, port, ns)


def grant(kind: str, gateways: str, service: str, namespace: NamespaceRef) -> Manifest:
    """The server's side: routes of that kind in the gateways' namespace may point at that one Service."""
    spec = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": kind, "namespace": gateways}],
        "to": [{"group": "", "kind": "Service", "name": service}],
    }
    return kubernetes_object(
        API, "ReferenceGrant", f"{service}-from-gateways", namespace=namespace, spec=spec
    )


def _people_listener(host: str) -> str:
    return f"{PEOPLE}-{host.partition('.')[0]}"


def _route(
    kind: str, gateway: Any, listener: str, host: str, service: str, server: str, port: int, ns: NamespaceRef
) -> Manifest:
    spec = {
        "parentRefs": [{"name": gateway, "sectionName": listener}],
        "hostnames": [host],
        "rules": [{"backendRefs": [{"name": service, "namespace": server, "port": port}]}],
    }
    return kubernetes_object(API, kind, service, namespace=ns, spec=spec)


def _gateway(
    name: str,
    listeners: Sequence[Mapping[str, Any]],
    namespace: NamespaceRef,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    options_name: Any,
) -> Manifest:
    infrastructure: dict[str, Any] = {
        "labels": {**labels, "istio.io/rev": TAG},
        "parametersRef": {"group": "", "kind": "ConfigMap", "name": options_name},
    }
    if annotations:
        infrastructure["annotations"] = dict(annotations)
    spec = {"gatewayClassName": CLASS, "listeners": list(listeners), "infrastructure": infrastructure}
    return kubernetes_object(
        API, "Gateway", name, namespace=namespace, labels={**labels, "istio.io/rev": TAG}, spec=spec
    )
