"""The pack as Pulumi runs it: its own process, spoken to over the analyzer protocol."""

from __future__ import annotations

import contextlib
import copy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from controls.catalogue import PACKS
from controls.pods import POD_PATHS
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE

PACK: Final = Path(__file__).parents[2] / "policy-packs/zero-trust"
DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"
STACK: Final = "pulumi:pulumi:Stack"
URN: Final = "urn:pulumi:dev::platform::{}::app"
MANDATORY: Final = analyzer_pb2.MANDATORY
ADVISORY: Final = analyzer_pb2.ADVISORY
NEIGHBOURS: Final[list[tuple[str, dict[str, Any]]]] = [
    (
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        {
            "metadata": {"name": "all", "namespace": "team"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        },
    ),
    ("kubernetes:core/v1:ServiceAccount", {"metadata": {"name": "app", "namespace": "team"}}),
]
"""What a workload needs beside it in its stack."""
EXEMPTION: Final = {
    "control": "WL-01",
    "kind": "Deployment",
    "namespace": "team",
    "name": "app",
    "owner": "platform",
    "reason": "to be rebuilt",
    "expiry": "2999-12-31",
}


class Analyzer:
    """A client of one running pack."""

    def __init__(self, channel: Any) -> None:
        self.stub = analyzer_pb2_grpc.AnalyzerStub(channel)

    def configure(self, properties: dict[str, Any]) -> None:
        config = analyzer_pb2.PolicyConfig(enforcementLevel=MANDATORY)
        config.properties.update(properties)
        self.stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"zero-trust": config}))

    def analyze(self, kind: str, props: dict[str, Any]) -> list[Any]:
        request = analyzer_pb2.AnalyzeRequest(
            type=kind, properties=_struct(props), urn=URN.format(kind), name="app"
        )
        return list(self.stub.Analyze(request).diagnostics)

    def analyze_stack(self, resources: list[tuple[str, dict[str, Any]]]) -> list[Any]:
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[
                analyzer_pb2.AnalyzerResource(
                    type=kind, properties=_struct(props), urn=URN.format(kind), name="app"
                )
                for kind, props in resources
            ]
        )
        return list(self.stub.AnalyzeStack(request).diagnostics)


@pytest.fixture(scope="module")
def process() -> Iterator[tuple[Analyzer, Any]]:
    with _process(PACK) as running:
        yield running


@contextlib.contextmanager
def _process(folder: Path) -> Iterator[tuple[Analyzer, Any]]:
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pack:
        assert pack.stdout
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(pack.stdout.readline())}") as channel:
                yield Analyzer(channel), pack.stdout
        finally:
            pack.terminate()


@pytest.fixture
def analyzer(process: tuple[Analyzer, Any]) -> Analyzer:
    process[0].configure({})
    return process[0]


@pytest.fixture
def deployment(compliant: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a compliant Deployment, as the kubernetes provider gives them."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app", "namespace": "team"},
        "spec": {"template": {"metadata": compliant["metadata"], "spec": compliant["spec"]}},
    }


def _struct(props: dict[str, Any]) -> Any:
    result = struct_pb2.Struct()
    result.update(props)
    return result


def _privileged(deployment: dict[str, Any]) -> dict[str, Any]:
    broken = copy.deepcopy(deployment)
    broken["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    return broken


def test_the_pack_registers_few_policies_and_publishes_its_configuration(analyzer: Analyzer) -> None:
    info = analyzer.stub.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "zero-trust"
    assert {policy.name: policy.enforcementLevel for policy in info.policies} == {
        "zero-trust": MANDATORY,
        "zero-trust-advisory": ADVISORY,
        "zero-trust-stack": MANDATORY,
        "zero-trust-stack-advisory": ADVISORY,
        "zero-trust-remediation": analyzer_pb2.DISABLED,
    }
    assert {"exemptions", "enforcementLevels", "gatewayNamespaces"} <= set(
        info.policies[0].configSchema.properties.fields
    )


@pytest.mark.parametrize("pack", ["aws", "capacity", "platform", "supply-chain"])
def test_every_other_pack_starts_alone_from_its_folder(pack: str) -> None:
    with _process(PACK.parent / pack) as (analyzer, _):
        info = analyzer.stub.GetAnalyzerInfo(empty_pb2.Empty())
        packs = list(PACKS) if pack == "platform" else [pack]
        shared = [f"{pack}-stack", f"{pack}-advisory", f"{pack}-stack-advisory"]
        mended = [f"{pack}-remediation"] if pack in ("capacity", "platform") else []
        assert [policy.name for policy in info.policies] == [*packs, *shared, *mended]


def test_a_compliant_deployment_gives_no_diagnostic(analyzer: Analyzer, deployment: dict[str, Any]) -> None:
    assert analyzer.analyze(DEPLOYMENT, deployment) == []


def test_a_bad_deployment_gives_one_mandatory_diagnostic_that_names_control_and_object(
    analyzer: Analyzer, deployment: dict[str, Any]
) -> None:
    (found,) = analyzer.analyze(DEPLOYMENT, _privileged(deployment))
    assert (found.policyName, found.enforcementLevel) == ("zero-trust", MANDATORY)
    assert 'WL-01 Deployment team/app: container "app"' in found.message


def test_the_resource_type_decides_the_kind_and_not_what_the_inputs_claim(
    analyzer: Analyzer, deployment: dict[str, Any]
) -> None:
    assert analyzer.analyze(DEPLOYMENT, _privileged(deployment) | {"kind": "ConfigMap"})


def test_the_items_of_a_typed_list_are_judged(analyzer: Analyzer, deployment: dict[str, Any]) -> None:
    items = [deployment, _privileged(deployment)]
    assert len(analyzer.analyze(f"{DEPLOYMENT}List", {"items": items})) == 1


@pytest.mark.parametrize("kind", ["kubernetes:core/v1:ConfigMap", "aws:s3/bucket:Bucket", STACK, "x"])
def test_the_controls_on_pods_leave_everything_else_alone(
    kind: str, analyzer: Analyzer, deployment: dict[str, Any]
) -> None:
    assert analyzer.analyze(kind, _privileged(deployment)) == []


def test_a_control_made_advisory_is_reported_by_the_advisory_policy_alone(
    analyzer: Analyzer, deployment: dict[str, Any]
) -> None:
    analyzer.configure({"enforcementLevels": {"WL-01": "advisory"}})
    (found,) = analyzer.analyze(DEPLOYMENT, _privileged(deployment))
    assert (found.policyName, found.enforcementLevel) == ("zero-trust-advisory", ADVISORY)
    analyzer.configure({"enforcementLevels": {"WL-01": "disabled"}})
    assert analyzer.analyze(DEPLOYMENT, _privileged(deployment)) == []


def test_an_exemption_in_force_lets_its_object_through_and_the_count_is_printed(
    process: tuple[Analyzer, Any], deployment: dict[str, Any]
) -> None:
    analyzer, output = process
    analyzer.configure({"exemptions": [EXEMPTION]})
    assert analyzer.analyze(DEPLOYMENT, _privileged(deployment)) == []
    assert analyzer.analyze_stack([(STACK, {}), (DEPLOYMENT, _privileged(deployment)), *NEIGHBOURS]) == []
    assert output.readline() == "zero-trust: 1 exemptions configured, 1 findings exempted\n"


def test_an_exemption_that_exempts_nothing_in_the_stack_is_a_violation_of_the_stack(
    process: tuple[Analyzer, Any], deployment: dict[str, Any]
) -> None:
    analyzer, output = process
    analyzer.configure({"exemptions": [EXEMPTION]})
    assert analyzer.analyze(DEPLOYMENT, deployment) == []
    (found,) = analyzer.analyze_stack([(DEPLOYMENT, deployment), *NEIGHBOURS])
    assert found.enforcementLevel == MANDATORY
    assert "EX-02 Deployment team/app" in found.message
    assert output.readline() == "zero-trust: 1 exemptions configured, 0 findings exempted\n"


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"exemption": []}, "EX-03 Configuration zero-trust: exemption: unknown key"),
        ({"exemptions": [EXEMPTION | {"owner": ""}]}, "exemptions[0].owner: must not be empty"),
        ({"exemptions": [EXEMPTION | {"expiry": "2020-01-01"}]}, "EX-01 Deployment team/app"),
    ],
)
def test_a_bad_configuration_is_refused_at_the_root_stack_before_any_other_resource(
    properties: dict[str, Any], says: str, analyzer: Analyzer, deployment: dict[str, Any]
) -> None:
    analyzer.configure(properties)
    (found,) = analyzer.analyze(STACK, {})
    assert found.enforcementLevel == MANDATORY
    assert says in found.message
    assert analyzer.analyze(DEPLOYMENT, _privileged(deployment)), "what was refused grants nothing"


@pytest.mark.parametrize("unknown", [UNKNOWN_ARRAY_VALUE, UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE])
@pytest.mark.parametrize("key", ["metadata", "spec", "spec.template", "spec.template.spec", "none"])
def test_an_unknown_never_ends_the_policy_with_an_advisory_line(
    key: str, unknown: str, analyzer: Analyzer, deployment: dict[str, Any]
) -> None:
    *parents, last = key.split(".")
    here = deployment
    for parent in parents:
        here = here[parent]
    here[last] = unknown
    found = analyzer.analyze(DEPLOYMENT, deployment)
    assert {item.enforcementLevel for item in found} <= {MANDATORY}
    assert not [item for item in found if "can't run policy" in item.message]
    assert bool(found) is key.startswith("spec")


def test_a_relation_that_is_broken_is_reported_once_for_the_whole_stack(
    process: tuple[Analyzer, Any], deployment: dict[str, Any]
) -> None:
    analyzer, _ = process
    analyzer.configure({})
    analyzer.analyze(STACK, {})
    (found,) = analyzer.analyze_stack([(DEPLOYMENT, deployment), NEIGHBOURS[1]])
    assert (found.policyName, found.enforcementLevel) == ("zero-trust-stack", MANDATORY)
    assert "NW-02 Deployment team/app: no network policy" in found.message
    assert found.urn == URN.format(DEPLOYMENT)
    analyzer.configure({"enforcementLevels": {"NW-02": "advisory"}})
    analyzer.analyze(STACK, {})
    (advised,) = analyzer.analyze_stack([(DEPLOYMENT, deployment), NEIGHBOURS[1]])
    assert (advised.policyName, advised.enforcementLevel) == ("zero-trust-stack-advisory", ADVISORY)


@pytest.mark.parametrize("unknown", [UNKNOWN_ARRAY_VALUE, UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE])
@pytest.mark.parametrize("key", ["metadata", "spec"])
def test_an_unknown_of_one_resource_ends_no_policy_of_the_stack(
    key: str, unknown: str, process: tuple[Analyzer, Any], deployment: dict[str, Any]
) -> None:
    analyzer, _ = process
    analyzer.configure({})
    analyzer.analyze(STACK, {})
    known = (DEPLOYMENT, {**deployment, "metadata": {"name": "known", "namespace": "other"}})
    found = analyzer.analyze_stack([(DEPLOYMENT, deployment | {key: unknown}), known, *NEIGHBOURS])
    assert not [item for item in found if "can't run policy" in item.message]
    assert [item for item in found if "NW-02 Deployment other/known" in item.message]


def test_an_unknown_field_is_not_proved_while_the_others_are_still_judged(
    analyzer: Analyzer, deployment: dict[str, Any]
) -> None:
    broken = _privileged(deployment)
    template = broken["spec"]["template"]
    template["metadata"] = {"annotations": {"checksum": UNKNOWN_STRING_VALUE}, "name": UNKNOWN_STRING_VALUE}
    template["spec"]["securityContext"]["runAsNonRoot"] = UNKNOWN_BOOLEAN_VALUE
    template["spec"]["containers"][0]["image"] = UNKNOWN_STRING_VALUE
    template["spec"]["volumes"][0] = {"name": "c", "configMap": {"name": UNKNOWN_STRING_VALUE}}
    found = analyzer.analyze(DEPLOYMENT, broken)
    assert [item.message.splitlines()[1][:5] for item in found] == ["WL-01", "WL-06"]
    assert "is not known in preview" in found[1].message


@pytest.mark.parametrize("junk", [None, 3, "x", [], [None], {"template": []}, {"template": {"spec": [1]}}])
@pytest.mark.parametrize("kind", sorted(POD_PATHS))
def test_malformed_inputs_never_fail_the_call(kind: str, junk: object, analyzer: Analyzer) -> None:
    found = analyzer.analyze(f"kubernetes:core/v1:{kind}", {"metadata": junk, "spec": junk, "template": junk})
    assert all("can't run policy" not in item.message for item in found)


def test_a_secret_is_judged_and_never_repeated(analyzer: Analyzer, deployment: dict[str, Any]) -> None:
    sealed = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "value": "Unconfined-42",
    }
    deployment["spec"]["template"]["spec"]["securityContext"]["seccompProfile"] = {"type": sealed}
    (found,) = analyzer.analyze(DEPLOYMENT, deployment)
    assert "WL-07" in found.message
    assert "Unconfined-42" not in str(found)


def test_what_a_provider_answers_for_what_nobody_set_is_not_set(analyzer: Analyzer) -> None:
    login: dict[str, Any] = {
        "backend": "kubernetes",
        "boundServiceAccountNames": ["app"],
        "boundServiceAccountNamespaces": ["team"],
        "boundServiceAccountNamespaceSelector": "",
        "tokenTtl": 3600,
        "tokenMaxTtl": 0,
        "tokenPeriod": 0,
        "tokenPolicies": [],
    }
    resources = [
        NEIGHBOURS[1],
        ("vault:index/audit:Audit", {"type": "file"}),
        ("vault:kubernetes/authBackendRole:AuthBackendRole", login),
    ]
    assert [one.message for one in analyzer.analyze_stack(resources) if "SE-04" in one.message] == []
    login["boundServiceAccountNamespaceSelector"] = "team=a"
    assert [one.message for one in analyzer.analyze_stack(resources) if "SE-04" in one.message]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_the_second_of_two_is_the_same_one_in_whatever_order_they_were_registered(
    analyzer: Analyzer, names: tuple[str, str]
) -> None:
    kind = "kubernetes:security.istio.io/v1:PeerAuthentication"
    mode: dict[str, Any] = {"spec": {"mtls": {"mode": "STRICT"}}}
    meshed = {"metadata": {"name": "team", "labels": {"istio-injection": "enabled"}}}
    peers = [{"metadata": {"name": name, "namespace": "istio-system"}, **mode} for name in names]
    declared = [
        ("kubernetes:core/v1:Namespace", meshed, "team"),
        *((kind, *one) for one in zip(peers, names, strict=True)),
    ]
    resources = [
        analyzer_pb2.AnalyzerResource(type=type_, properties=_struct(props), urn=urn, name=urn)
        for type_, props, urn in declared
    ]
    request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
    said = analyzer.stub.AnalyzeStack(request).diagnostics
    assert [one.urn for one in said if "a second PeerAuthentication" in one.message] == ["b"]


def test_what_a_server_made_of_a_resource_is_not_what_the_program_wrote(analyzer: Analyzer) -> None:
    """In a preview of what exists, and after an update, an engine shows a resource as it is."""
    client, inputs = "keycloak:openid/client:Client", {"clientId": "app", "accessType": "CONFIDENTIAL"}
    shown = [(client, {**inputs, "clientSecret": "correct-horse"})]
    analyzer.analyze(client, inputs)
    assert [one.message for one in analyzer.analyze_stack(shown) if "SE-05" in one.message] == []
    analyzer.analyze(*shown[0])
    assert [one.message for one in analyzer.analyze_stack(shown) if "SE-05" in one.message]
