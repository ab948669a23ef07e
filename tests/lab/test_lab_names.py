from __future__ import annotations

import json
from pathlib import Path

from config.outside import FILE, read_outside
from lab.certs import authority
from lab.folder import LabFolder
from lab.names import hosts, write
from lab.site import Site

PORTS = {
    "keycloak": 1,
    "openbao": 2,
    "postgres": 30,
    "postgres-tls": 3,
    "minio": 4,
    "east-apiserver": 5,
    "west-apiserver": 6,
}


def site(folder: Path) -> Site:
    lab = LabFolder(folder)
    return Site(folder=lab, ports=PORTS, block=1, authority=authority(lab.pki, "ca", "it"), tools={})


def test_every_server_has_a_name_and_a_port_that_stay() -> None:
    assert hosts(PORTS, ("east", "west")) == {
        "keycloak.lab.internal:8443": "127.0.0.1:1",
        "openbao.lab.internal:8200": "127.0.0.1:2",
        "postgres.lab.internal:5432": "127.0.0.1:3",
        "s3.lab.internal:9000": "127.0.0.1:4",
        "east.lab.internal:6443": "127.0.0.1:5",
        "west.lab.internal:6443": "127.0.0.1:6",
    }


def test_the_file_is_the_one_that_the_settings_read(tmp_path: Path) -> None:
    write(site(tmp_path), ("east",))
    file = LabFolder(tmp_path).addresses
    assert file == tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    outside = read_outside(tmp_path)
    assert outside.hosts == hosts(PORTS, ("east",))
    assert outside.authority == LabFolder(tmp_path).ca.read_text()


def test_the_same_ports_write_the_same_bytes(tmp_path: Path) -> None:
    write(site(tmp_path), ("east",))
    first = LabFolder(tmp_path).addresses.stat()
    write(site(tmp_path), ("east",))
    assert LabFolder(tmp_path).addresses.stat() == first
    assert set(json.loads(LabFolder(tmp_path).addresses.read_text())) == {"authority", "hosts"}
