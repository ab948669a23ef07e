from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.agent.rewrite import Rewriter

MOUNTS = {
    "/etc/mlflow": "/lab/volumes/etc",
    "/etc/mlflow/database": "/lab/volumes/database",
    "/tmp": "/lab/volumes/scratch",
}
WRITER = Rewriter(
    mounts=MOUNTS,
    pod_address="127.9.1.4",
    service_address=lambda namespace, service: f"<{namespace}/{service}>",
    ports=lambda port: port if port >= 1024 else port + 20_000,
)

COMPONENTS = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/etc/mlflow/database/ca.crt", "/lab/volumes/database/ca.crt"),
        ("/etc/mlflow/databases", "/lab/volumes/etc/databases"),
        ("/etc/mlflow", "/lab/volumes/etc"),
        ("/etc/mlflow/", "/lab/volumes/etc/"),
        ("/etc/mlflow.bak", "/etc/mlflow.bak"),
        ("/srv/etc/mlflow", "/srv/etc/mlflow"),
        ("./tmp/x", "./tmp/x"),
        ("~/tmp", "~/tmp"),
        ("${BASE}/tmp", "${BASE}/tmp"),
        ("--cert=/etc/mlflow/ca.crt,/tmp/b", "--cert=/lab/volumes/etc/ca.crt,/lab/volumes/scratch/b"),
        ("cd /tmp && ls '/tmp'", "cd /lab/volumes/scratch && ls '/lab/volumes/scratch'"),
        ("PATH=/bin:/tmp/bin", "PATH=/bin:/lab/volumes/scratch/bin"),
        ("file:///tmp/x", "file:///lab/volumes/scratch/x"),
        ("sqlite:////tmp/x.db", "sqlite:////lab/volumes/scratch/x.db"),
        ("sqlite:///tmp/x.db", "sqlite:///tmp/x.db"),
        ("http://tmp/x", "http://tmp/x"),
        ("http://host/tmp", "http://host/tmp"),
    ],
)
def test_a_mount_path_is_replaced_only_where_it_is_a_whole_path(before: str, after: str) -> None:
    assert WRITER.text(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://mlflow.ns.svc.cluster.local:5000/x", "http://<ns/mlflow>:5000/x"),
        ("mlflow.ns.svc", "<ns/mlflow>"),
        ("mlflow.ns.svc.cluster.local.", "<ns/mlflow>"),
        ("http://mlflow.ns.svc", "http://<ns/mlflow>:20080"),
        ("https://mlflow.ns.svc/login", "https://<ns/mlflow>:20443/login"),
        ("mlflow.ns.svc:80", "<ns/mlflow>:20080"),
        ("postgresql://u@db.data.svc:5432/mlflow", "postgresql://u@<data/db>:5432/mlflow"),
        ("a.ns.svc,b.ns.svc:9000", "<ns/a>,<ns/b>:9000"),
        ("mlflow.ns.svc.example.com", "mlflow.ns.svc.example.com"),
        ("my.mlflow.ns.svcs", "my.mlflow.ns.svcs"),
        ("mlflow.ns", "mlflow.ns"),
    ],
)
def test_a_service_name_becomes_the_services_loopback_address(before: str, after: str) -> None:
    assert WRITER.text(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0.0.0.0", "127.9.1.4"),
        ("--bind=0.0.0.0:5000", "--bind=127.9.1.4:5000"),
        ("10.0.0.0", "10.0.0.0"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("0.0.0.0.1", "0.0.0.0.1"),
    ],
)
def test_the_wildcard_address_becomes_the_pods_own(before: str, after: str) -> None:
    assert WRITER.text(before) == after


@given(st.lists(COMPONENTS, min_size=1, max_size=4), st.lists(COMPONENTS, max_size=3))
def test_a_path_below_a_mount_keeps_its_rest(mount: list[str], rest: list[str]) -> None:
    path = "/" + "/".join(mount)
    writer = Rewriter(mounts={path: "/lab/here"})
    assert writer.text("/".join([path, *rest])) == "/".join(["/lab/here", *rest])


@given(st.lists(COMPONENTS, min_size=1, max_size=3), COMPONENTS)
def test_a_longer_name_that_begins_like_a_mount_is_another_path(mount: list[str], more: str) -> None:
    path = "/" + "/".join(mount)
    assert Rewriter(mounts={path: "/lab/here"}).text(path + more) == path + more


@given(st.lists(COMPONENTS, min_size=1, max_size=3), COMPONENTS)
def test_a_mount_path_in_the_middle_of_another_path_stays(mount: list[str], before: str) -> None:
    path = "/mount" + "/".join(mount)
    assert Rewriter(mounts={path: "/lab/here"}).text(f"/x{before}{path}") == f"/x{before}{path}"


@given(st.text(max_size=60))
def test_text_without_any_of_these_names_is_left_alone(text: str) -> None:
    if "/etc" not in text and "/tmp" not in text and ".svc" not in text and "0.0.0.0" not in text:
        assert WRITER.text(text) == text


@given(st.lists(st.sampled_from(["/tmp", "/etc/mlflow", "0.0.0.0", "a.b.svc", " ", ",", "x"]), max_size=12))
def test_what_was_put_in_is_not_rewritten_again(parts: list[str]) -> None:
    nested = Rewriter(mounts={"/tmp": "/etc/mlflow", "/etc/mlflow": "/tmp"})
    spaced = " ".join(parts)
    swapped = spaced.replace("/tmp", "\0").replace("/etc/mlflow", "/tmp").replace("\0", "/etc/mlflow")
    assert nested.text(spaced) == swapped.replace("0.0.0.0", "127.0.0.1")


def test_a_working_directory_outside_every_mount_has_no_place() -> None:
    assert WRITER.path("/srv/app") is None
    assert WRITER.path("/tmp/run") == "/lab/volumes/scratch/run"


def test_a_mount_at_the_root_is_ignored() -> None:
    assert Rewriter(mounts={"/": "/lab"}).text("/etc/hosts") == "/etc/hosts"
