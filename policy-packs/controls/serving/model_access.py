"""SR-05. Sources: KServe storage and visibility; EKS IAM roles for ServiceAccounts and Pod Identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.data.buckets import BUCKETS
from controls.fields import Unproved, quoted, seen, text
from controls.item import Item
from controls.mesh.hosts import destinations
from controls.mesh.names import AUTHORIZATION, REQUEST_AUTHENTICATION, VIRTUAL_SERVICE
from controls.mesh.tokens import demands
from controls.serving.services import SERVICE, components, storage_uris
from controls.settings import Settings
from controls.stack import Stack, where

ROLE_ARN: Final = "eks.amazonaws.com/role-arn"
_ROLE: Final = "aws:iam/role:Role"
_ASSOCIATION: Final = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
_ROUTE: Final = "HTTPRoute.gateway.networking.k8s.io"
_VISIBILITY: Final = "networking.kserve.io/visibility"


def check_stack(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    services = stack.of(SERVICE)
    buckets = {text(one.fields.value("bucket")) for one in stack.of(*BUCKETS)}
    for service in services:
        for message in (*_models(service, stack, buckets), *_accounts(service, stack)):
            yield service, message
        for message in _ways_in(service, stack, settings):
            yield service, message


def _models(service: Item, stack: Stack, buckets: set[str]) -> Iterator[str]:
    for key, uri in storage_uris(service):
        scheme, _, rest = text(uri).partition("://")
        place = rest.partition("/")[0]
        claim = stack.find("PersistentVolumeClaim", place, (service.cluster, service.namespace))
        if not isinstance(uri, str):
            yield f"{key} {seen(uri)}; write it out"
        elif not (scheme == "s3" and place in buckets) and not (scheme == "pvc" and claim):
            yield f"{key} is in no bucket and no claim of the stack; keep models where the stack guards them"


def _accounts(service: Item, stack: Stack) -> Iterator[str]:
    for name, component in components(service):
        account = component.value("serviceAccountName")
        if not isinstance(account, str) or account in {"", "default"}:
            yield f"{name}.serviceAccountName {seen(account or None)}; name one of its own"
            continue
        item = stack.find("ServiceAccount", account, (service.cluster, service.namespace))
        if item is None and where(service) in stack.hidden:
            continue
        if item is None:
            yield f"{name}.serviceAccountName {quoted(account)} is not in its namespace; declare it"
        elif name == "predictor" and not _has_role(item, stack):
            yield f"ServiceAccount {quoted(account)} has no IAM role of the stack; give it one for its bucket"


def _has_role(account: Item, stack: Stack) -> bool:
    arn = account.annotations.value(ROLE_ARN)
    if arn is Unproved.UNKNOWN:
        return True
    names = {one.given_name for one in stack.of(_ROLE)}
    if text(arn).rpartition("/")[2] in names and arn:
        return True
    return any(
        (one.fields.value("namespace"), one.fields.value("serviceAccount"))
        == (where(account)[1], account.name)
        for one in stack.of(_ASSOCIATION)
    )


def _ways_in(service: Item, stack: Stack, settings: Settings) -> Iterator[str]:
    cluster = service.cluster
    for namespace in sorted({one for one in _gateways(service, stack) if not _guarded(stack, cluster, one)}):
        yield f"is reached by a gateway in {quoted(namespace)} that asks for no token of the realm; guard it (MS-05)"
    if service.labels.value(_VISIBILITY) != "cluster-local" and not any(
        _guarded(stack, cluster, one) for one in settings.gateway_namespaces
    ):
        yield "is shown at the gateway, and none asks for a token; label it cluster-local, or guard the gateway (MS-05)"


def _gateways(service: Item, stack: Stack) -> Iterator[str]:
    """Namespaces of the gateways that a route leads from to the service."""
    for route in stack.of_cluster(service.cluster, _ROUTE):
        home = where(route)[1]
        backends = [one for rule in route.spec.entries("rules") for one in rule.entries("backendRefs")]
        if any(
            _leads_to(service, one.value("name"), text(one.value("namespace")) or home) for one in backends
        ):
            for parent in route.spec.entries("parentRefs"):
                yield text(parent.value("namespace")) or home
    for virtual in stack.of_cluster(service.cluster, VIRTUAL_SERVICE):
        home = where(virtual)[1]
        hosts = [one.value("host") for one in destinations(virtual)]
        if any(_leads_to(service, *_split(host, home)) for host in hosts):
            for gateway in virtual.spec.values("gateways"):
                if gateway != "mesh":
                    yield text(gateway).partition("/")[0] if "/" in text(gateway) else home


def _split(host: object, namespace: str) -> tuple[str, str]:
    name, _, rest = text(host).partition(".")
    return name, rest.partition(".")[0] or namespace


def _leads_to(service: Item, backend: object, namespace: str) -> bool:
    name = text(backend)
    return namespace == where(service)[1] and (name == service.name or name.startswith(f"{service.name}-"))


def _guarded(stack: Stack, cluster: str, namespace: str) -> bool:
    """Whether requests that come in there need a token of the realm."""
    place = (cluster, namespace)
    rules = stack.of_namespace(place, AUTHORIZATION)
    return any(
        demands(rule, one) for one in stack.of_namespace(place, REQUEST_AUTHENTICATION) for rule in rules
    )


_REST = f"""\
- {{type: '{BUCKETS[1]}', name: models, properties: {{bucket: models}}}}
- {{type: '{_ROLE}', name: fraud, properties: {{name: fraud}}}}
- apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: fraud
    namespace: team
    annotations: {{{ROLE_ARN}: "arn:aws:iam::123456789012:role/fraud"}}
- apiVersion: serving.kserve.io/v1beta1
  kind: InferenceService
  metadata: {{name: fraud, namespace: team, labels: {{{_VISIBILITY}: cluster-local}}}}
  spec:
    predictor:
      serviceAccountName: fraud
"""

BAD = f"""\
{_REST}      model: {{modelFormat: {{name: sklearn}}, storageUri: "s3://somebody-elses/fraud/7"}}
"""

GOOD = f"""\
{_REST}      model: {{modelFormat: {{name: sklearn}}, storageUri: "s3://models/fraud/7"}}
"""

CONTROL = Control(
    id="SR-05",
    title=(
        "InferenceService: storageUri in a bucket of the stack, its ServiceAccount and IRSA role exist, reached only "
        "by a gateway that has MS-05"
    ),
    severity=Severity.CRITICAL,
    anchors=("KServe storage docs",),
    why="A model is code: one that others can replace runs in our pods, and one that is open to all answers anybody.",
    fix="Keep models in a bucket of the stack, read them with the service's own role, and ask callers for a token.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
