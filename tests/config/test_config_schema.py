from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.schema import EksCluster, ExistingCluster, LabCluster, PlatformSettings

Data = dict[str, Any]


def test_settings_keep_the_order_and_values_of_the_yaml(data: Data) -> None:
    settings = PlatformSettings.model_validate(data)
    assert [cluster.name for cluster in settings.clusters] == ["east", "west"]
    assert [tenant.name for tenant in settings.tenants] == ["mlops-platform", "mlops-dev"]
    assert settings.clusters[0].gpu_pools[0].gpus_per_node == 8
    assert settings.tenants[0].cost_center == "research"


def test_what_is_left_out_has_the_documented_default(data: Data) -> None:
    settings = PlatformSettings.model_validate(data)
    assert settings.access.realm == "mlops-platform"
    assert settings.access.issuer == "https://id.example.com/realms/mlops-platform"
    assert settings.access.server is None
    assert settings.access.users == ()
    assert settings.access.lifetimes.access_token == 300
    assert settings.secrets.server is None
    assert settings.tracking.secret_path == "mlflow"
    assert settings.secrets.mount == "secret"
    assert settings.layers == ()
    assert settings.tenants[0].quota.gpus == {}
    assert settings.clusters[0].gpu_pools[0].sharing.strategy == "whole"


def test_nothing_can_be_changed_afterwards(data: Data) -> None:
    settings = PlatformSettings.model_validate(data)
    with pytest.raises(ValidationError, match="frozen"):
        settings.clusters = ()
    with pytest.raises(ValidationError, match="frozen"):
        settings.tenants[0].quota.pods = 1


def test_python_may_use_its_own_spelling(data: Data) -> None:
    data["tracking"]["secret_path"] = "elsewhere"
    assert PlatformSettings.model_validate(data).tracking.secret_path == "elsewhere"


def test_a_lab_cluster_is_reached_by_a_relative_kubeconfig_and_its_own_name(data: Data) -> None:
    cluster = PlatformSettings.model_validate(data).clusters[0]
    assert isinstance(cluster, LabCluster)
    assert (cluster.kubeconfig, cluster.context) == (".lab/kubeconfig", "east")


def test_a_lab_cluster_in_another_folder_leaves_the_first_one_as_it_was(data: Data) -> None:
    cluster = PlatformSettings.model_validate(data).clusters[0]
    assert isinstance(cluster, LabCluster)
    assert cluster.in_folder("other/").kubeconfig == "other/kubeconfig"
    assert cluster.kubeconfig == ".lab/kubeconfig"


def test_a_kubeconfig_cannot_be_given_for_a_lab_cluster(data: Data) -> None:
    data["clusters"][0]["kubeconfig"] = "elsewhere"
    with pytest.raises(ValidationError, match="kubeconfig"):
        PlatformSettings.model_validate(data)


def test_an_existing_cluster_names_its_context_and_may_name_its_kubeconfig(data: Data) -> None:
    data["clusters"][1] |= {"kind": "existing", "context": "admin@west", "kubeconfig": "/etc/kube/west"}
    cluster = PlatformSettings.model_validate(data).clusters[1]
    assert isinstance(cluster, ExistingCluster)
    assert (cluster.kubeconfig, cluster.context) == ("/etc/kube/west", "admin@west")


@pytest.mark.parametrize(
    ("given", "context"), [({}, "west"), ({"context": "arn:aws:eks:x"}, "arn:aws:eks:x")]
)
def test_an_eks_cluster_has_its_name_as_context_unless_one_is_given(
    data: Data, given: Data, context: str
) -> None:
    aws = {
        "account": "123456789012",
        "vpcCidr": "10.96.0.0/16",
        "admins": ["arn:aws:iam::123456789012:role/deployer"],
    }
    data["clusters"][1] |= {"kind": "eks", "region": "eu-central-1", "aws": aws, **given}
    cluster = PlatformSettings.model_validate(data).clusters[1]
    assert isinstance(cluster, EksCluster)
    assert (cluster.kubeconfig, cluster.context) == (None, context)


def test_settings_whose_parts_do_not_fit_together_cannot_exist_in_python_either(data: Data) -> None:
    data["clusters"][1]["name"] = "east"
    with pytest.raises(ValidationError, match=r"settings\.clusters\[1\]\.name: given 'east'"):
        PlatformSettings.model_validate(data)


def test_a_pool_that_scales_from_zero_is_allowed(data: Data) -> None:
    data["clusters"][0]["gpuPools"][0]["nodes"] = 0
    assert PlatformSettings.model_validate(data).clusters[0].gpu_pools[0].nodes == 0
