"""The EKS clusters of `prod`: against AWS's own model of its API, and made in an emulator of AWS."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.schema import EksCluster, PlatformSettings
from stacks.platform import build
from tests.aws_api import calls, mistakes
from tests.aws_policies import too_wide
from tests.recorder import Declaration, Recorder, run
from tests.stacks.conftest import recorded_stack, settings_of
from tests.stacks.stack_schemas import built_in_mistakes, crd_schema, custom_mistakes

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = ROOT.parent / "shared" / "upstream"
needs_crds = pytest.mark.skipif(
    not UPSTREAM.is_dir(), reason=f"the upstream definitions are not beside this checkout ({UPSTREAM.name})"
)
POLICIES = ("policy", "assumeRolePolicy")


@pytest.fixture(scope="module")
def prod() -> Recorder:
    return recorded_stack("prod")


@pytest.fixture(scope="module")
def aws(prod: Recorder) -> list[Declaration]:
    return [one for one in prod.declarations if one.type.startswith("aws:")]


def documents(aws: list[Declaration]) -> dict[str, str]:
    """Every policy document, by the name of its resource."""
    return {
        f"{one.name}.{key}": one.inputs[key]
        for one in aws
        for key in POLICIES
        if str(one.inputs.get(key, "")).startswith("{")
    }


def without(settings: PlatformSettings, **aws: Any) -> PlatformSettings:
    """The same settings with other ones for AWS in each EKS cluster."""
    clusters = tuple(
        one.model_copy(update={"aws": one.aws.model_copy(update=aws)}) if isinstance(one, EksCluster) else one
        for one in settings.clusters
    )
    return settings.model_copy(update={"clusters": clusters})


def test_every_call_that_makes_the_clusters_is_one_that_aws_takes(aws: list[Declaration]) -> None:
    made = [call for one in aws for call in calls(one)]
    operations = Counter(f"{call.service}.{call.operation}" for call in made)
    assert {"eks.CreateCluster", "eks.CreateNodegroup", "eks.CreateAccessEntry", "eks.CreateAddon"} <= set(
        operations
    )
    assert {"eks.AssociateIdentityProviderConfig", "eks.CreatePodIdentityAssociation"} <= set(operations)
    assert [text for call in made for text in mistakes(call)] == []


@pytest.mark.parametrize(
    ("type_", "path", "value", "words"),
    [
        ("aws:eks/cluster:Cluster", ("accessConfig", "authenticationMode"), "NONE", "is none of"),
        ("aws:eks/cluster:Cluster", ("enabledClusterLogTypes",), ["audits"], "is none of"),
        ("aws:eks/cluster:Cluster", ("name",), "-east", "does not match"),
        ("aws:eks/cluster:Cluster", ("vpcConfig", "endpointPublicAcces"), True, "Unknown parameter"),
        ("aws:eks/nodeGroup:NodeGroup", ("taints", 0, "effect"), "NoSchedule", "is none of"),
        ("aws:eks/nodeGroup:NodeGroup", ("nodeRoleArn",), 5, "Invalid type"),
        ("aws:ec2/launchTemplate:LaunchTemplate", ("metadataOptions", "httpTokens"), "maybe", "is none of"),
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", ("clusterName",), None, "Invalid type"),
    ],
)
def test_a_mistake_in_a_call_is_seen(
    aws: list[Declaration], type_: str, path: tuple[str | int, ...], value: object, words: str
) -> None:
    one = next(one for one in aws if one.type == type_)
    inputs = copy.deepcopy(one.inputs)
    place: Any = inputs
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    found = [text for call in calls(replace(one, inputs=inputs)) for text in mistakes(call)]
    assert any(words in text for text in found)


def test_no_policy_is_wide(aws: list[Declaration]) -> None:
    wide = {name: found for name, text in documents(aws).items() if (found := too_wide(text))}
    assert len(documents(aws)) > 20
    assert wide == {}


def test_no_role_has_more_rights_than_iam_lets_it_have(aws: list[Declaration]) -> None:
    """IAM takes 10,240 characters for a role's own policies, without white space."""
    sizes = {
        name: len("".join(text.split()))
        for name, text in documents(aws).items()
        if name.endswith("rights.policy")
    }
    assert sizes
    assert max(sizes.values()) <= 10_240


def test_each_cluster_is_in_its_own_region_and_account_and_says_who_pays(
    prod: Recorder, aws: list[Declaration]
) -> None:
    wanted = {one.name: one for one in settings_of("prod").clusters if isinstance(one, EksCluster)}
    providers = {one.name: one.inputs for one in prod.declarations if one.type == "pulumi:providers:aws"}
    assert set(providers) == {f"{name}-aws" for name in wanted}
    for name, cluster in wanted.items():
        inputs = providers[f"{name}-aws"]
        assert inputs["region"] == cluster.region
        assert json.loads(inputs["allowedAccountIds"]) == [cluster.aws.account]
        assert {"team", "cost-center", "environment"} <= json.loads(inputs["defaultTags"])["tags"].keys()
    assert [one.name for one in aws if not one.name.startswith(one.provider.removesuffix("-aws"))] == []


def test_an_eks_cluster_is_reached_by_a_kubeconfig_of_our_own(prod: Recorder) -> None:
    for one in prod.declarations:
        if one.type == "pulumi:providers:kubernetes":
            document = json.loads(one.inputs["kubeconfig"])
            cluster = one.inputs["clusterIdentifier"]
            assert document["current-context"] == one.inputs["context"] == cluster
            assert f"{cluster}-admins-mlops-deployer-rights" in one.dependencies


def test_what_the_network_comes_by_does_not_wait_for_nodes(prod: Recorder) -> None:
    """A node is ready only once a CNI runs there."""
    for one in prod.declarations:
        if one.type == "pulumi:providers:kubernetes" and one.name.endswith("-bootstrap"):
            assert not any("-system-" in name for name in one.dependencies)


def test_nothing_leads_out_of_a_vpc_unless_the_settings_ask_for_it() -> None:
    kinds = {one.type for one in run(lambda: build(without(settings_of("prod"), egress="none"))).declarations}
    assert not {kind for kind in kinds if "nat" in kind.lower() or "internetGateway" in kind}


def test_both_clusters_have_the_same_shape_but_for_their_pools(aws: list[Declaration]) -> None:
    shapes = [
        Counter(
            (one.type, one.name.removeprefix(f"{name}-").replace(region, ""))
            for one in aws
            if one.provider == f"{name}-aws"
        )
        for name, region in (("prod-eu", "eu-central-1"), ("prod-us", "us-east-1"))
    ]
    assert shapes[0] == shapes[1]


@needs_crds
def test_every_object_of_karpenter_is_what_its_crd_allows(prod: Recorder) -> None:
    ours = [one for one in prod.kubernetes if str(one.inputs.get("apiVersion", "")).startswith("karpenter.")]
    assert {one.inputs["kind"] for one in ours} == {"EC2NodeClass", "NodePool", "NodeOverlay"}
    mistakes_of = {
        one.name: found
        for one in ours
        if (
            found := custom_mistakes(
                one.inputs, crd_schema(UPSTREAM / "crds", one.inputs["apiVersion"], one.inputs["kind"])
            )
        )
    }
    assert mistakes_of == {}


def test_the_default_class_is_what_its_kind_allows(prod: Recorder) -> None:
    classes = [one for one in prod.kubernetes if one.inputs.get("kind") == "StorageClass"]
    assert len(classes) == 2
    assert [text for one in classes for text in built_in_mistakes(one.inputs)] == []
    named = settings_of("prod").secrets.server
    assert named
    assert {one.inputs["metadata"]["name"] for one in classes} == {named.storage_class}


@pytest.mark.parametrize(("stack", "loaded"), [("dev", "False"), ("prod", "True")])
def test_only_a_stack_with_eks_loads_the_package_of_aws(stack: str, loaded: str) -> None:
    program = (
        "import sys; from pathlib import Path; from config.load import read; import stacks.clusters, stacks.platform\n"
        f"kinds = {{one.kind for one in read(Path(), {stack!r}).clusters}}\n"
        "if 'eks' in kinds: import stacks.eks\n"
        "print('pulumi_aws' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == loaded
