"""What the packs mend when they are told to: by hand, and as Pulumi asks for it over the analyzer protocol."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from controls.catalogue import CONTROLS
from controls.fields import fields
from controls.item import Item
from controls.judge import defects
from controls.objects import type_of
from controls.pods import POD_GROUPS, POD_PATHS
from controls.remediation import MENDED, mend
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

PACK: Final = Path(__file__).parents[2] / "policy-packs/platform"
POD: Final = "kubernetes:core/v1:Pod"
SECRET: Final = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "s3cret"}
LABELS: Final = {"team": "fraud", "cost-center": "research"}
MENDED_SPEC: Final = {
    "automountServiceAccountToken": False,
    "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
}


def bare(kind: str) -> tuple[str, dict[str, Any]]:
    """Type and inputs of a workload that says nothing."""
    group = POD_GROUPS[kind] or "core"
    inputs: dict[str, Any] = {"metadata": {"name": "app", "namespace": "team"}}
    template = inputs
    for key in POD_PATHS[kind]:
        template = template.setdefault(key, {})
    template["spec"] = {"containers": [{"name": "app"}]}
    return f"kubernetes:{group}/v1:{kind}", inputs


def broken(resource_type: str, inputs: dict[str, Any]) -> set[str]:
    api_version, kind = type_of(resource_type)
    item = Item(kind=kind, api_version=api_version, fields=fields(copy.deepcopy(inputs)))
    return {control for control, *_ in defects([item])}


@pytest.mark.parametrize("kind", sorted(POD_PATHS))
def test_a_workload_that_says_nothing_meets_the_controls_afterwards(kind: str) -> None:
    resource_type, inputs = bare(kind)
    assert {"WL-07", "ID-07"} <= broken(resource_type, inputs)
    assert mend(resource_type, inputs, MENDED, LABELS)
    assert not {"WL-07", "ID-07"} & broken(resource_type, inputs)
    assert not mend(resource_type, inputs, MENDED, LABELS), "what is mended is left alone"


@pytest.mark.parametrize("control", MENDED)
def test_each_control_is_mended_by_itself_and_no_other(control: str) -> None:
    assert control in CONTROLS
    resource_type, inputs = bare("Deployment")
    template = inputs["spec"]["template"]
    assert mend(resource_type, inputs, [control], LABELS)
    done = {
        "ID-07": template["spec"].get("automountServiceAccountToken") is False,
        "WL-07": "securityContext" in template["spec"],
        "GC-04": template.get("metadata") == {"labels": LABELS},
    }
    assert {one for one, mended in done.items() if mended} == {control}


def test_nothing_that_is_stated_is_changed() -> None:
    spec = {
        "automountServiceAccountToken": True,
        "securityContext": {"seccompProfile": {"type": "Unconfined"}},
    }
    inputs = {"metadata": {"labels": {"team": "other", "cost-center": "x"}}, "spec": spec}
    before = copy.deepcopy(inputs)
    assert not mend(POD, inputs, MENDED, LABELS)
    assert inputs == before


def test_accounts_and_namespaces_are_mended_and_other_kinds_are_not() -> None:
    account: dict[str, Any] = {"metadata": {"name": "app"}}
    assert mend("kubernetes:core/v1:ServiceAccount", account, MENDED, LABELS)
    assert account == {"metadata": {"name": "app"}, "automountServiceAccountToken": False}
    namespace: dict[str, Any] = {"metadata": {"name": "team", "labels": {"team": "own"}}}
    assert mend("kubernetes:core/v1:Namespace", namespace, MENDED, LABELS)
    assert namespace["metadata"]["labels"] == {"team": "own", "cost-center": "research"}
    for other in (
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:batch.volcano.sh/v1:Job",
        "aws:s3/bucket:Bucket",
    ):
        assert not mend(other, bare("Job")[1], MENDED, LABELS)


@pytest.mark.parametrize("os", [{"name": "windows"}, UNKNOWN_STRING_VALUE, {"name": UNKNOWN_STRING_VALUE}])
def test_a_pod_that_may_be_of_windows_gets_no_profile(os: object) -> None:
    inputs = {"spec": {"os": os}}
    assert not mend(POD, inputs, ["WL-07"], {})
    assert inputs == {"spec": {"os": os}}


@pytest.mark.parametrize("junk", [None, 3, "x", [], [None], UNKNOWN_STRING_VALUE])
@pytest.mark.parametrize("key", ["metadata", "spec", "securityContext"])
def test_malformed_and_unknown_parts_are_left_alone(key: str, junk: object) -> None:
    inputs: dict[str, Any] = {"metadata": {}, "spec": {"containers": []}}
    (inputs["spec"] if key == "securityContext" else inputs)[key] = junk
    mend(POD, inputs, MENDED, LABELS)
    here = inputs["spec"] if key == "securityContext" else inputs
    assert here[key] == junk or junk is None


@pytest.fixture(scope="module")
def stub() -> Iterator[Any]:
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pack:
        assert pack.stdout
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(pack.stdout.readline())}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            pack.terminate()


def remediated(stub: Any, inputs: dict[str, Any], **configuration: Any) -> list[dict[str, Any]]:
    """The inputs as each remediation returns them, under this configuration of the policy."""
    level = analyzer_pb2.REMEDIATE if configuration else analyzer_pb2.DISABLED
    config = analyzer_pb2.PolicyConfig(enforcementLevel=level)
    config.properties.update(configuration)
    stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"platform-remediation": config}))
    properties = struct_pb2.Struct()
    properties.update(inputs)
    urn = f"urn:pulumi:dev::platform::{POD}::app"
    answer = stub.Remediate(analyzer_pb2.AnalyzeRequest(type=POD, properties=properties, urn=urn, name="app"))
    assert not [one.diagnostic for one in answer.remediations if one.diagnostic]
    return [json_format.MessageToDict(one.properties) for one in answer.remediations]


def test_nothing_is_mended_unless_the_configuration_says_so(stub: Any) -> None:
    assert remediated(stub, {"spec": {"containers": []}}) == []


def test_pulumi_gets_the_mended_inputs_and_secrets_and_unknowns_as_they_were(stub: Any) -> None:
    container = {"name": "app", "image": UNKNOWN_STRING_VALUE, "env": [{"name": "A", "value": SECRET}]}
    given = {"metadata": {"name": UNKNOWN_STRING_VALUE}, "spec": {"containers": [container]}}
    (found,) = remediated(stub, given, labels=LABELS)
    assert found == {
        "metadata": {"name": UNKNOWN_STRING_VALUE, "labels": LABELS},
        "spec": {"containers": [container], **MENDED_SPEC},
    }


def test_what_needs_no_mending_is_not_returned(stub: Any) -> None:
    given = {"metadata": {"labels": LABELS}, "spec": {"containers": [], **MENDED_SPEC}}
    assert remediated(stub, given, labels=LABELS) == []


def test_a_secret_part_is_left_alone(stub: Any) -> None:
    given = {"metadata": SECRET | {"value": {"labels": {}}}, "spec": {"containers": [], **MENDED_SPEC}}
    assert remediated(stub, given, labels=LABELS) == []
