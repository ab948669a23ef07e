from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.cache import Cache
from lab.crds import RECIPE, SOURCES, Source, crds, entry, for_lab
from lab.gobuild import checksum
from tests.lab.told import Told

WITH_WEBHOOK: dict[str, Any] = {
    "metadata": {
        "name": "things.example.test",
        "annotations": {
            "cert-manager.io/inject-ca-from": "x/y",
            "controller-gen.kubebuilder.io/version": "1",
        },
    },
    "spec": {"group": "example.test", "conversion": {"strategy": "Webhook", "webhook": {}}},
    "status": {"conditions": []},
}


def test_a_definition_for_the_lab_needs_no_webhook_and_no_certificate_manager() -> None:
    assert for_lab(WITH_WEBHOOK) == {
        "metadata": {
            "name": "things.example.test",
            "annotations": {"controller-gen.kubebuilder.io/version": "1"},
        },
        "spec": {"group": "example.test"},
    }
    assert "conversion" in WITH_WEBHOOK["spec"], "the original is left alone"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.module)
def test_every_source_is_pinned_with_its_checksum(source: Source) -> None:
    assert checksum((RECIPE / "go.sum").read_text(), source.module, source.version)
    assert f"{source.module} {source.version}" in (RECIPE / "go.mod").read_text()


def test_the_key_changes_with_the_table() -> None:
    assert entry(SOURCES).key != entry(SOURCES[:1]).key


def test_the_real_definitions_serve_what_the_platform_uses() -> None:
    """Fetches them into the user's own cache if they are not there yet (seconds), as `make up` does."""
    served = {
        (found["spec"]["group"], version["name"], found["spec"]["names"]["kind"])
        for found in crds(Cache(), Told())
        for version in found["spec"]["versions"]
        if version["served"]
    }
    assert served == {
        ("cilium.io", "v2", "CiliumNetworkPolicy"),
        ("cilium.io", "v2", "CiliumClusterwideNetworkPolicy"),
        ("external-secrets.io", "v1", "ExternalSecret"),
        ("external-secrets.io", "v1", "SecretStore"),
        ("external-secrets.io", "v1", "ClusterSecretStore"),
        ("generators.external-secrets.io", "v1alpha1", "VaultDynamicSecret"),
        ("generators.external-secrets.io", "v1alpha1", "Webhook"),
        *(("cert-manager.io", "v1", kind) for kind in ("Certificate", "ClusterIssuer", "Issuer")),
        *(
            ("gateway.networking.k8s.io", version, kind)
            for version in ("v1", "v1beta1")
            for kind in ("Gateway", "GatewayClass", "HTTPRoute", "ReferenceGrant")
        ),
        ("gateway.networking.k8s.io", "v1", "TLSRoute"),
        *(
            ("networking.istio.io", version, kind)
            for version in ("v1", "v1beta1", "v1alpha3")
            for kind in ("ServiceEntry", "Sidecar", "WorkloadEntry")
        ),
        *(("telemetry.istio.io", version, "Telemetry") for version in ("v1", "v1alpha1")),
        *(
            ("security.istio.io", version, kind)
            for version in ("v1", "v1beta1")
            for kind in ("AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication")
        ),
    }
    assert not any("conversion" in found["spec"] for found in crds(Cache(), Told()))


def test_the_fetched_modules_do_not_stay() -> None:
    crds(Cache(), Told())
    folder = Cache().find(entry(SOURCES))
    assert folder
    assert {path.name for path in Path(folder).iterdir()} == {".manifest.json", "crds.json"}
