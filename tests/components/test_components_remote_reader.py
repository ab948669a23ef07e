from __future__ import annotations

from components.labels import Owner
from components.mesh.remote_reader import READS, RemoteReader, RemoteReaderArgs, reader_binding, reader_role
from tests.recorder import run

OWNER = Owner(team="t", cost_center="c", environment="dev")


def test_it_lists_and_watches_and_nothing_else() -> None:
    verbs = {verb for rule in reader_role({})["rules"] for verb in rule["verbs"]}
    assert verbs == {"list", "watch"}


def test_it_reads_what_a_control_plane_builds_its_picture_from_and_nothing_secret() -> None:
    """Istio 1.31 waits for each of these of a remote cluster."""
    read = {f"{group}/{kind}" for group, kinds in READS.items() for kind in kinds}
    needed = {"/namespaces", "/nodes", "/pods", "/services", "discovery.k8s.io/endpointslices"}
    assert needed | {"gateway.networking.k8s.io/gateways"} <= read
    assert not {"/secrets", "/configmaps", "/serviceaccounts"} & read
    assert not [group for group in READS if group.startswith(("authentication", "authorization", "rbac"))]


def test_each_watcher_has_its_own_group_so_that_one_can_be_shut_out() -> None:
    both = [one["name"] for one in reader_binding(["east", "south"], {})["subjects"]]
    assert both == ["mlops:mesh-east", "mlops:mesh-south"]
    assert [one["name"] for one in reader_binding(["south"], {})["subjects"]] == ["mlops:mesh-south"]


def test_the_binding_comes_after_the_role() -> None:
    args = RemoteReaderArgs(watchers=["west"], owner=OWNER)

    def program() -> None:
        RemoteReader("east-mesh-reader", args)

    found = run(program)
    binding = found.find("ClusterRoleBinding", "mlops:mesh-reader", provider="")
    assert "east-mesh-reader-role" in binding.dependencies
    assert found.misnamed() == []
