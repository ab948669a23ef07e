from __future__ import annotations

import pytest

from components.cluster.node_group import NodeGroup, NodeGroupArgs
from config.eks import SystemNodes
from tests.aws_answers import arn
from tests.aws_cluster import PLACE, SUBNETS, declared, of_type
from tests.recorder import Declaration

KEY, GROUP = arn("kms", "key/volumes"), "sg-0123456789abcdef0"


def nodes(settings: SystemNodes | None = None) -> dict[str, Declaration]:
    args = NodeGroupArgs(
        place=PLACE,
        cluster="east",
        role=PLACE.role("system"),
        subnet_ids=SUBNETS,
        security_group=GROUP,
        volume_key=KEY,
        settings=settings or SystemNodes(),
        tags={"team": "platform"},
    )
    return declared(lambda opts: NodeGroup("east-system", args, opts))


def template() -> Declaration:
    (found,) = of_type(nodes(), "LaunchTemplate")
    return found


def test_no_pod_gets_the_nodes_credentials_by_the_metadata_address() -> None:
    options = template().inputs["metadataOptions"]
    assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


def test_the_disk_is_encrypted_with_the_clusters_key_and_goes_with_the_node() -> None:
    (disk,) = template().inputs["blockDeviceMappings"]
    assert (disk["ebs"]["encrypted"], disk["ebs"]["kmsKeyId"]) == ("true", KEY)
    assert (disk["ebs"]["volumeType"], disk["ebs"]["deleteOnTermination"]) == ("gp3", "true")


def test_a_node_has_no_public_address_and_the_nodes_group_alone() -> None:
    (interface,) = template().inputs["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    assert interface["securityGroups"] == [GROUP]


@pytest.mark.parametrize("kind", ["instance", "volume"])
def test_what_a_template_makes_says_who_pays_and_whose_it_is(kind: str) -> None:
    (tags,) = [one["tags"] for one in template().inputs["tagSpecifications"] if one["resourceType"] == kind]
    assert tags.items() >= {"team": "platform", "kubernetes.io/cluster/east": "owned"}.items()


def test_only_what_the_cluster_needs_runs_here_and_nothing_before_the_cni() -> None:
    (group,) = of_type(nodes(), "NodeGroup")
    assert {(one["key"], one["effect"]) for one in group.inputs["taints"]} == {
        ("CriticalAddonsOnly", "NO_SCHEDULE"),
        ("node.cilium.io/agent-not-ready", "NO_EXECUTE"),
    }


def test_the_group_is_as_large_as_its_settings_say_and_may_surge_by_one() -> None:
    settings = SystemNodes(count=4, instance_types=("m7i.2xlarge",))
    (group,) = of_type(nodes(settings), "NodeGroup")
    assert group.inputs["scalingConfig"] == {"minSize": 4, "desiredSize": 4, "maxSize": 5}
    assert group.inputs["instanceTypes"] == ["m7i.2xlarge"]
    assert group.inputs["capacityType"] == "ON_DEMAND"
