"""Values of the charts of Vault and OpenBao: against the charts' own values, and against a real parser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from components.isolation.pod_hardening import container_security_context, pod_security_context
from components.labels import Owner, labels, selector
from components.secrets.vault_values import (
    PORT,
    audit_file,
    chart_values,
    members,
    product,
)
from config import catalog
from config.schema import SecretBackend, SecretServer
from tests.components.vault_charts import CHARTS, OFFERED, defaults, needs_charts, parsed, unknown

BACKENDS: tuple[SecretBackend, ...] = get_args(SecretBackend)
ROLE = "arn:aws:iam::123456789012:role/vault"

every_backend = pytest.mark.parametrize("backend", BACKENDS)


def server(replicas: int = 3) -> SecretServer:
    seal = {"region": "eu-central-1", "keyId": "alias/vault", "role": ROLE}
    data = {"replicas": replicas, "storage": "20Gi", "storageClass": "encrypted", "seal": seal}
    return SecretServer.model_validate(data)


def values(backend: SecretBackend, replicas: int = 3) -> dict[str, Any]:
    owner = Owner(team="platform", cost_center="core", environment="test")
    return chart_values(backend, server(replicas), f"{backend}-tls", labels(backend, "secrets", owner))


def pod(backend: SecretBackend) -> dict[str, Any]:
    found: dict[str, Any] = values(backend)["server"]
    return found


def config(backend: SecretBackend) -> dict[str, Any]:
    """As the chart gets it."""
    text = pod(backend)["ha"]["raft"]["config"]
    assert isinstance(text, str), "the charts take text alone"
    found: dict[str, Any] = json.loads(text)
    return found


@needs_charts
@every_backend
def test_every_key_is_one_that_the_chart_reads(backend: SecretBackend) -> None:
    assert list(unknown(values(backend), defaults(backend))) == []


@needs_charts
@every_backend
def test_a_key_that_the_chart_only_offers_is_read_all_the_same(backend: SecretBackend) -> None:
    text = (CHARTS / backend / "values.yaml").read_text(encoding="utf-8")
    for key in OFFERED:
        top, section, name = key.split(".")
        _, _, after = text.partition(f"\n{top}:\n")[2].partition(f"\n  {section}:\n")
        assert f"# {name}: /v1/sys/health" in after.partition("\n\n")[0]


@needs_charts
@every_backend
def test_a_key_that_the_chart_never_reads_is_seen(backend: SecretBackend) -> None:
    broken = values(backend)
    broken["server"]["ha"]["raft"]["conf"] = ""
    assert list(unknown(broken, defaults(backend))) == ["server.ha.raft.conf"]


@needs_charts
@every_backend
def test_every_value_is_of_the_kind_that_the_chart_takes(backend: SecretBackend) -> None:
    schema = json.loads((CHARTS / backend / "values.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(values(backend))] == []


def test_a_real_server_understands_its_configuration(tmp_path: Path) -> None:
    said = parsed(pod("openbao")["ha"]["raft"]["config"], tmp_path)
    assert (said["status"], said.get("warnings", [])) == ("ok", []), said.get("message")


def test_a_real_server_sees_a_field_that_there_is_not(tmp_path: Path) -> None:
    broken = {**config("openbao"), "listeners": []}
    assert parsed(json.dumps(broken), tmp_path).get("warnings")


@every_backend
def test_members_find_each_other_and_check_each_others_names(backend: SecretBackend) -> None:
    joins = config(backend)["storage"]["raft"]["retry_join"]
    assert [join["leader_api_addr"] for join in joins] == [
        f"https://{name}:{PORT}" for name in members(backend, server())
    ]
    for join in joins:
        assert join["leader_tls_servername"] in join["leader_api_addr"]
        assert join["leader_ca_cert_file"].endswith("/ca.crt")


@every_backend
@pytest.mark.parametrize("replicas", [1, 3, 5])
def test_there_are_as_many_members_as_asked_for(backend: SecretBackend, replicas: int) -> None:
    high_availability = values(backend, replicas)["server"]["ha"]
    assert high_availability["replicas"] == replicas == len(members(backend, server(replicas)))
    assert high_availability["enabled"] is high_availability["raft"]["enabled"] is True


@every_backend
def test_an_only_member_does_not_keep_its_node_from_being_drained(backend: SecretBackend) -> None:
    assert values(backend, 1)["server"]["ha"]["disruptionBudget"]["enabled"] is False
    assert values(backend, 3)["server"]["ha"]["disruptionBudget"]["enabled"] is True


@every_backend
def test_every_connection_is_tls_and_nothing_skips_its_check(backend: SecretBackend) -> None:
    assert values(backend)["global"]["tlsDisable"] is False
    ((listener,),) = [each.values() for each in config(backend)["listener"]]
    assert listener["tls_min_version"] in {"tls12", "tls13"}
    assert listener["tls_cert_file"].endswith("tls.crt")
    text = json.dumps(values(backend))
    assert "tls_disable" not in text
    assert "http://" not in text
    assert "skip" not in text.lower()


@every_backend
def test_readiness_is_asked_over_http_since_the_charts_own_command_skips_the_check(
    backend: SecretBackend,
) -> None:
    """Without a path the chart runs `status -tls-skip-verify`."""
    assert pod(backend)["readinessProbe"]["path"].startswith("/v1/sys/health?standbyok=true")


@every_backend
def test_a_sealed_member_is_alive_but_not_ready(backend: SecretBackend) -> None:
    """A restart would open nothing, and a request would find nothing."""
    assert "sealedcode=204" in pod(backend)["livenessProbe"]["path"]
    assert "sealedcode" not in pod(backend)["readinessProbe"]["path"]


@every_backend
def test_the_files_of_the_configuration_are_on_the_volumes(backend: SecretBackend) -> None:
    own = pod(backend)
    mounts = {mount["mountPath"] for mount in own["volumeMounts"]}
    volumes = {volume["name"] for volume in own["volumes"]}
    ((listener,),) = [each.values() for each in config(backend)["listener"]]
    assert str(Path(listener["tls_key_file"]).parent) in mounts
    assert {mount["name"] for mount in own["volumeMounts"]} == volumes
    assert config(backend)["storage"]["raft"]["path"] == own["dataStorage"]["mountPath"]
    assert str(Path(audit_file(backend)).parent) == own["auditStorage"]["mountPath"]
    assert own["auditStorage"]["mountPath"] != own["dataStorage"]["mountPath"], (
        "a full log would stop the data"
    )


def test_openbao_records_every_request_by_its_configuration() -> None:
    (device,) = config("openbao")["audit"]
    assert device["type"] == "file"
    assert device["options"] == {"file_path": audit_file("openbao"), "mode": "0600"}, (
        "`log_raw` would show secrets"
    )


def test_vault_takes_no_audit_device_from_its_configuration() -> None:
    """It would refuse to start; it gets one through its API."""
    assert "audit" not in config("vault")


@every_backend
def test_the_server_opens_itself_by_its_own_identity_and_no_stored_key(backend: SecretBackend) -> None:
    assert config(backend)["seal"] == [{"awskms": {"region": "eu-central-1", "kms_key_id": "alias/vault"}}]
    assert list(pod(backend)["serviceAccount"]["annotations"].values()) == [ROLE]


@every_backend
def test_no_secret_stands_in_the_values(backend: SecretBackend) -> None:
    """A chart may put a value into any object."""
    keys = {"access_key", "secret_key", "token", "password", "extraSecretEnvironmentVars"}
    text = json.dumps(values(backend))
    assert [key for key in keys if key in text] == []


@every_backend
def test_the_pods_are_restricted(backend: SecretBackend) -> None:
    contexts = pod(backend)["statefulSet"]["securityContext"]
    assert contexts == {"pod": pod_security_context(), "container": container_security_context()}
    assert contexts["container"]["readOnlyRootFilesystem"] is True
    assert "/tmp" in {mount["mountPath"] for mount in pod(backend)["volumeMounts"]}, "its start writes there"
    assert {"cpu", "memory"} <= pod(backend)["resources"]["limits"].keys()


@every_backend
def test_members_stand_on_nodes_of_their_own(backend: SecretBackend) -> None:
    (rule,) = json.loads(pod(backend)["affinity"])["podAntiAffinity"].values()
    assert [(one["topologyKey"], one["labelSelector"]["matchLabels"]) for one in rule] == [
        ("kubernetes.io/hostname", selector(backend))
    ]


@every_backend
def test_labels_leave_the_ones_alone_that_the_chart_selects_by(backend: SecretBackend) -> None:
    extra = pod(backend)["extraLabels"]
    assert extra.keys().isdisjoint(selector(backend))
    assert extra["team"] == "platform"


@every_backend
def test_nothing_comes_with_the_chart_that_was_not_asked_for(backend: SecretBackend) -> None:
    """The injector and the CSI driver would read secrets of any pod, `authDelegator` is a right on the cluster."""
    found = values(backend)
    off = [found["injector"], found["csi"], *(found["server"][key] for key in ("dev", "standalone"))]
    off += [found["server"][key] for key in ("authDelegator", "ingress", "networkPolicy")]
    assert [one["enabled"] for one in off] == [False] * len(off)


@every_backend
def test_a_new_version_waits_for_somebody_who_moves_the_leader_last(backend: SecretBackend) -> None:
    assert pod(backend)["updateStrategyType"] == "OnDelete"


@pytest.mark.parametrize("digest", [None, f"sha256:{'a' * 64}"])
@every_backend
def test_the_image_is_the_catalogues_with_its_digest(
    backend: SecretBackend, digest: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{backend.upper()}_IMAGE"
    image = replace(getattr(catalog, name), digest=digest)
    monkeypatch.setattr(catalog, name, image)
    spelt = product(backend).image
    repository = "/".join(part for part in (spelt.get("registry"), spelt["repository"]) if part)
    assert f"{repository}:{spelt['tag']}" == image.reference


def test_one_setting_chooses_the_product_in_every_place() -> None:
    for backend in BACKENDS:
        (other,) = set(BACKENDS) - {backend}
        assert product(backend).chart.name == backend
        assert other not in json.dumps(values(backend)).lower().replace("alias/vault", "").replace(ROLE, "")


@every_backend
def test_members_are_called_by_names_that_lead_to_one_of_them(backend: SecretBackend) -> None:
    address = pod(backend)["ha"]["apiAddr"]
    assert address == f"https://$({product(backend).prefix}_K8S_POD_NAME).{backend}-internal:{PORT}"
