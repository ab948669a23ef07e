from __future__ import annotations

from in_cluster import app

from components.gpu.in_cluster import ACCOUNT, account_volume, environment, in_cluster_pod
from config.catalog import GPU_GUARD_IMAGE


def test_a_service_is_told_all_that_it_needs_but_what_kubernetes_adds() -> None:
    added = {"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"}
    assert set(environment()) == set(app._NEEDED) - added


def test_its_account_is_where_it_is_told_to_look() -> None:
    pod = in_cluster_pod("it", "it", GPU_GUARD_IMAGE, environment(), "it")
    (container,) = pod["containers"]
    (mount,) = container["volumeMounts"]
    assert mount == {"name": "account", "mountPath": ACCOUNT, "readOnly": True}
    files = {
        key
        for source in account_volume()["projected"]["sources"]
        for key in (
            [source["serviceAccountToken"]["path"]]
            if "serviceAccountToken" in source
            else [one["path"] for one in source["configMap"]["items"]]
        )
    }
    assert files == {"token", "ca.crt"}
