from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.recorder import Recorder
from tests.stacks.conftest import recorded_stack
from tests.stacks.stack_options import OPTIONS, recorded_with
from tests.stacks.stack_schemas import built_in_mistakes, crd_schema, custom_mistakes

ROOT = Path(__file__).resolve().parents[2]
CRDS = ROOT.parent / "shared" / "upstream" / "crds"
CUSTOM = {
    "AuthorizationPolicy",
    "Certificate",
    "CiliumClusterwideNetworkPolicy",
    "CiliumNetworkPolicy",
    "ClusterIssuer",
    "ClusterSecretStore",
    "ExternalSecret",
    "Gateway",
    "HTTPRoute",
    "Issuer",
    "PeerAuthentication",
    "ReferenceGrant",
    "RequestAuthentication",
    "SecretStore",
    "ServiceEntry",
    "Sidecar",
    "Telemetry",
    "VaultDynamicSecret",
    "Webhook",
}
HOSTED = {"TLSRoute", "EC2NodeClass", "Keycloak", "NodeOverlay", "NodePool"} | {
    "ClusterQueue",
    "LocalQueue",
    "ResourceFlavor",
    "Topology",
    "WorkloadPriorityClass",
}
"""Kinds of the servers, of the clusters and of the queues that stack prod makes itself."""

needs_crds = pytest.mark.skipif(
    not CRDS.is_dir(),
    reason=f"the upstream CRDs are not beside this checkout ({CRDS.relative_to(ROOT.parent)})",
)


def is_custom(manifest: dict[str, Any]) -> bool:
    return manifest["kind"] in CUSTOM | HOSTED


def test_every_built_in_object_is_what_its_kind_allows(recorded: Recorder) -> None:
    mistakes = {
        one.name: found
        for one in recorded.kubernetes
        if not is_custom(one.inputs) and (found := built_in_mistakes(one.inputs))
    }
    assert mistakes == {}


@needs_crds
def test_every_custom_object_is_what_its_crd_allows(stack: str, recorded: Recorder) -> None:
    custom = [one for one in recorded.kubernetes if is_custom(one.inputs)]
    assert {one.inputs["kind"] for one in custom} == CUSTOM | (HOSTED if stack == "prod" else set())
    mistakes = {one.name: found for one in custom if (found := against_crd(one.inputs, CRDS))}
    assert mistakes == {}


@needs_crds
@pytest.mark.parametrize("option", OPTIONS)
def test_so_is_what_a_setting_adds_that_prod_leaves_off(option: str) -> None:
    custom = [one for one in recorded_with(option).kubernetes if is_custom(one.inputs)]
    assert {one.name: found for one in custom if (found := against_crd(one.inputs, CRDS))} == {}


def against_crd(manifest: dict[str, Any], folder: Path) -> list[str]:
    return custom_mistakes(manifest, crd_schema(folder, manifest["apiVersion"], manifest["kind"]))


def broken(recorded: Recorder, kind: str, *path: str | int, value: Any) -> dict[str, Any]:
    """The first object of a kind that has the field's place, with that field changed."""
    for one in recorded.kubernetes:
        if one.inputs["kind"] == kind:
            manifest: dict[str, Any] = copy.deepcopy(one.inputs)
            place: Any = manifest
            try:
                for part in path[:-1]:
                    place = place[part]
            except (KeyError, IndexError):
                continue
            place[path[-1]] = value
            return manifest
    raise LookupError(f"no {kind} has a place for {path}")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replica"), 2),
        (("spec", "replicas"), "2"),
        (("spec", "template", "spec", "containers", 0, "securityContext", "readOnlyRootFileSystem"), True),
        (("spec", "template", "spec", "containers", 0, "lifecycle", "preStop", "sleep"), 5),
        (("spec", "selector"), None),
    ],
)
def test_a_mistake_in_a_built_in_object_is_seen(
    recorded: Recorder, path: tuple[str | int, ...], value: object
) -> None:
    assert built_in_mistakes(broken(recorded, "Deployment", *path, value=value))


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("ClusterRole", ("rules", 0, "resource"), ["pods"]),
        ("RoleBinding", ("roleRef",), None),
        ("ValidatingAdmissionPolicy", ("spec", "matchConstraint"), {}),
        ("CustomResourceDefinition", ("spec", "scope"), None),
    ],
)
def test_a_mistake_in_a_cluster_wide_object_is_seen(
    recorded: Recorder, kind: str, path: tuple[str | int, ...], value: object
) -> None:
    assert built_in_mistakes(broken(recorded, kind, *path, value=value))


@needs_crds
@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("CiliumNetworkPolicy", ("spec", "egres"), []),
        ("CiliumNetworkPolicy", ("spec", "egress"), {}),
        ("ExternalSecret", ("spec", "data"), [{"secretKey": "a", "remoteRef": {"property": "a"}}]),
        ("ClusterSecretStore", ("spec", "provider", "vault", "version"), "v3"),
        ("VaultDynamicSecret", ("spec", "paths"), "database/creds/mlflow"),
        ("VaultDynamicSecret", ("spec", "provider", "server"), None),
        ("RequestAuthentication", ("spec", "jwtRules", 0, "issuer"), ""),
        ("RequestAuthentication", ("spec", "jwtRules", 0, "audience"), ["mlflow"]),
        ("AuthorizationPolicy", ("spec", "action"), "PERMIT"),
        ("CiliumClusterwideNetworkPolicy", ("spec", "egressDenied"), []),
        ("ClusterIssuer", ("spec", "vault"), {"server": "https://vault.example.com"}),
        ("Issuer", ("spec", "selfSigned"), True),
    ],
)
def test_a_mistake_in_a_custom_object_is_seen(
    recorded: Recorder, kind: str, path: tuple[str | int, ...], value: object
) -> None:
    assert against_crd(broken(recorded, kind, *path, value=value), CRDS)


@needs_crds
@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Keycloak", ("spec", "instances"), "2"),
        ("Keycloak", ("spec", "http", "httpsSecret"), "keycloak-tls"),
        ("Keycloak", ("spec", "unsupported", "podTemplate", "spec", "serviceAccount_name"), "keycloak"),
        ("Certificate", ("spec", "secretName"), None),
        ("Certificate", ("spec", "usages"), ["server"]),
    ],
)
def test_a_mistake_in_an_object_of_a_hosted_server_is_seen(
    kind: str, path: tuple[str | int, ...], value: object
) -> None:
    assert against_crd(broken(recorded_stack("prod"), kind, *path, value=value), CRDS)
