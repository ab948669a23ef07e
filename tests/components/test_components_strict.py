from __future__ import annotations

from components.manifest import NamespaceRef
from components.mesh.istiod_values import LOGS, TRACES, mesh_config
from components.mesh.strict import StrictArgs, StrictMesh, strict_mtls, telemetry
from config.mesh import MeshTelemetry
from tests.recorder import run

SYSTEM = NamespaceRef(name="istio-system", ready="istio-system")


def test_ms_01_plain_text_is_refused_for_every_workload_and_port() -> None:
    assert strict_mtls(SYSTEM)["spec"] == {"mtls": {"mode": "STRICT"}}


def test_telemetry_names_providers_that_the_mesh_has() -> None:
    known = {one["name"] for one in mesh_config("td", MeshTelemetry())["extensionProviders"]}
    spec = telemetry(2.5, SYSTEM)["spec"]
    used = {one["name"] for part in spec.values() for entry in part for one in entry["providers"]}
    assert used == {LOGS, TRACES} == known
    assert spec["tracing"][0]["randomSamplingPercentage"] == 2.5


def test_ms_02_the_whole_mesh_is_strict_and_allows_nothing() -> None:
    def program() -> None:
        StrictMesh("east-strict", StrictArgs(namespace=SYSTEM, sampling=1))

    found = run(program)
    kinds = {one.identity[1:] for one in found.kubernetes}
    assert kinds == {
        ("PeerAuthentication", "istio-system", "default"),
        ("AuthorizationPolicy", "istio-system", "allow-nothing"),
        ("Telemetry", "istio-system", "default"),
    }
    assert found.misnamed() == []
