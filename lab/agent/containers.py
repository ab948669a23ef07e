"""A container's specification turned into the process that stands for it: argv, environment, working
directory.

Pure. What the pod refers to (ConfigMaps, Secrets) comes in already read; a reference that cannot be met
raises `ContainerConfigError` with the words the kubelet uses. Rules: Kubernetes API reference, Container v1
core.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

from lab.agent.errors import ContainerConfigError
from lab.agent.quantities import quantity
from lab.agent.rewrite import Rewriter

Object = Mapping[str, Any]
_REFERENCE = re.compile(r"\$\$|\$\(([^()]*)\)")
_VARIABLE_NAME = re.compile(r"[^=\x00]+")
_FIELD_KEY = re.compile(r"metadata\.(labels|annotations)\['([^']*)'\]")
_UNBOUNDED = {"cpu": "1", "memory": str(2**32), "ephemeral-storage": str(2**36)}
"""What a missing limit reads as; on a real node it is the node's allocatable amount."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a pod's containers refer to, by name in its namespace. A missing name is a missing object."""

    namespace: str = ""
    config_maps: Mapping[str, Object] = field(default_factory=dict)
    secrets: Mapping[str, Object] = field(default_factory=dict, repr=False)

    def data(self, kind: str, name: str) -> dict[str, bytes] | None:
        """The object's content as bytes; None when there is no such object."""
        found = (self.config_maps if kind == "configmap" else self.secrets).get(name)
        if found is None:
            return None
        plain = found.get("data") or {}
        encoded = found.get("binaryData") or {}
        if kind == "secret":
            plain, encoded = {}, plain
        return {key: value.encode() for key, value in plain.items()} | {
            key: base64.b64decode(value) for key, value in encoded.items()
        }


@dataclass(frozen=True, kw_only=True)
class PodFacts:
    """What fieldRef reads of the pod's surroundings. `address` is the pod's loopback address."""

    address: str
    host_address: str = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One process. `env` is everything the pod says; the runner adds only PATH, HOME and their like."""

    name: str
    image: str
    argv: tuple[str, ...] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)
    cwd: str | None
    """A path on this machine, or None: the container's own folder."""
    inner_cwd: str | None
    """The working directory as written, when no mount holds it."""


def expand(text: str, variables: Mapping[str, str]) -> str:
    """$(NAME) replaced where NAME is known, left alone where not; $$ is a $
    (k8s.io/kubernetes/third_party/forked)."""

    def one(match: re.Match[str]) -> str:
        if match.group(0) == "$$":
            return "$"
        return variables.get(match.group(1), match.group(0))

    return _REFERENCE.sub(one, text)


def field_value(pod: Object, facts: PodFacts, path: str) -> str:
    """The value of a downward API field."""
    meta, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    if keyed := _FIELD_KEY.fullmatch(path):
        return str((meta.get(keyed.group(1)) or {}).get(keyed.group(2), ""))
    known = {
        "metadata.name": meta.get("name", ""),
        "metadata.namespace": meta.get("namespace", ""),
        "metadata.uid": meta.get("uid", ""),
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.podIP": facts.address,
        "status.podIPs": facts.address,
        "status.hostIP": facts.host_address,
        "status.hostIPs": facts.host_address,
    }
    if path in known:
        return str(known[path])
    if path in {"metadata.labels", "metadata.annotations"}:
        entries = meta.get(path.removeprefix("metadata.")) or {}
        return "\n".join(f'{key}="{_escape(str(value))}"' for key, value in sorted(entries.items()))
    raise ContainerConfigError(f"fieldPath {path!r} is not supported")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def resource_value(pod: Object, container: Object, reference: Object) -> str:
    """The value of a resourceFieldRef, rounded up to its divisor as the kubelet does."""
    name = reference.get("containerName") or container.get("name")
    spec = pod.get("spec") or {}
    every = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    target = next((one for one in every if one.get("name") == name), None)
    if target is None:
        raise ContainerConfigError(f"container {name!r} not found")
    kind, _, resource = str(reference.get("resource", "")).partition(".")
    resources = target.get("resources") or {}
    amount = (resources.get(kind) or {}).get(resource)
    if amount is None:
        amount = "0" if kind == "requests" else _UNBOUNDED.get(resource, "0")
    divisor = quantity(reference.get("divisor") or "1")
    unit = divisor if divisor else Decimal(1)
    return str((quantity(amount) / unit).to_integral_value(rounding=ROUND_CEILING))


def _referenced(sources: Sources, kind: str, reference: Object) -> str | None:
    name, key = reference.get("name", ""), reference.get("key", "")
    data = sources.data(kind, name)
    if data is None:
        if reference.get("optional"):
            return None
        raise ContainerConfigError(f'{kind} "{name}" not found')
    if key not in data:
        if reference.get("optional"):
            return None
        kind_name = "ConfigMap" if kind == "configmap" else "Secret"
        raise ContainerConfigError(f"couldn't find key {key} in {kind_name} {sources.namespace}/{name}")
    return data[key].decode(errors="surrogateescape")


def environment(
    pod: Object, container: Object, sources: Sources, facts: PodFacts, service_links: Mapping[str, str]
) -> dict[str, str]:
    """The container's variables before rewriting: service links, then envFrom, then env, later ones
    winning."""
    given: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        given |= _env_from(source, sources)
    result = dict(service_links) | given
    for variable in container.get("env") or []:
        if not variable.get("valueFrom"):
            result[variable["name"]] = expand(variable.get("value") or "", result)
        elif (value := _variable(pod, container, variable, sources, facts)) is not None:
            result[variable["name"]] = value
    return result


def _env_from(source: Object, sources: Sources) -> dict[str, str]:
    kind = "configmap" if "configMapRef" in source else "secret"
    reference = source.get("configMapRef") or source.get("secretRef") or {}
    data = sources.data(kind, reference.get("name", ""))
    if data is None:
        if reference.get("optional"):
            return {}
        raise ContainerConfigError(f'{kind} "{reference.get("name", "")}" not found')
    prefix = source.get("prefix") or ""
    return {
        prefix + key: value.decode(errors="surrogateescape")
        for key, value in data.items()
        if _VARIABLE_NAME.fullmatch(prefix + key)
    }


def _variable(
    pod: Object, container: Object, variable: Object, sources: Sources, facts: PodFacts
) -> str | None:
    origin = variable["valueFrom"]
    if reference := origin.get("configMapKeyRef"):
        return _referenced(sources, "configmap", reference)
    if reference := origin.get("secretKeyRef"):
        return _referenced(sources, "secret", reference)
    if reference := origin.get("fieldRef"):
        return field_value(pod, facts, reference["fieldPath"])
    if reference := origin.get("resourceFieldRef"):
        return resource_value(pod, container, reference)
    raise ContainerConfigError(
        f"env {variable['name']}: valueFrom {sorted(origin)} is not supported by the lab"
    )


def plan(container: Object, variables: Mapping[str, str], rewriter: Rewriter) -> Plan:
    """The process of one container, `variables` being its `environment`. Raises `ContainerConfigError`."""
    if (container.get("lifecycle") or {}).get("postStart"):
        raise ContainerConfigError("lifecycle.postStart is not supported by the lab")
    arguments = [*(container.get("command") or []), *(container.get("args") or [])]
    if not arguments:
        raise ContainerConfigError(
            "no command specified: the lab knows no image's entrypoint, so write `command`",
            "CreateContainerError",
        )
    inner = container.get("workingDir") or None
    outer = rewriter.path(inner) if inner else None
    return Plan(
        name=container["name"],
        image=container.get("image", ""),
        argv=tuple(rewriter.text(expand(argument, variables)) for argument in arguments),
        env={name: rewriter.text(value) for name, value in variables.items()},
        cwd=outer,
        inner_cwd=inner if outer is None else None,
    )


def service_links(
    services: Sequence[Object], address: Mapping[str, str], ports: Mapping[int, int]
) -> dict[str, str]:
    """The variables the kubelet sets for each service of the namespace (`enableServiceLinks`, on by default).

    `address` maps a service's name to its loopback address, `ports` a service port to the forwarder's.
    """
    variables: dict[str, str] = {}
    for service in services:
        name, spec = service["metadata"]["name"], service.get("spec") or {}
        if spec.get("clusterIP") in (None, "", "None") or name not in address or not spec.get("ports"):
            continue
        prefix, host = name.upper().replace("-", "_"), address[name]
        for index, port in enumerate(spec["ports"]):
            number, protocol = ports.get(port["port"], port["port"]), port.get("protocol", "TCP")
            link = f"{prefix}_PORT_{port['port']}_{protocol}"
            url = f"{protocol.lower()}://{host}:{number}"
            if index == 0:
                variables |= {f"{prefix}_SERVICE_HOST": host, f"{prefix}_SERVICE_PORT": str(number)}
                variables[f"{prefix}_PORT"] = url
            if port.get("name"):
                variables[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(number)
            variables |= {
                link: url,
                f"{link}_PROTO": protocol.lower(),
                f"{link}_PORT": str(number),
                f"{link}_ADDR": host,
            }
    return variables
