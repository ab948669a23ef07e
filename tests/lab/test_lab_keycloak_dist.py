from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from config import catalog
from lab.cache import Cache
from lab.keycloak_dist import BUILD_OPTIONS, environment, expected_sha256, keycloak_home, unpack
from lab.toolchain import java_home
from tests.lab.told import Told

CHECKSUMS = Path(__file__).parents[2] / "lab" / "requirements" / "keycloak.sha256"


def test_the_checksum_is_that_of_the_version_in_the_catalogue() -> None:
    name = f"keycloak-quarkus-dist-{catalog.KEYCLOAK}.zip"
    assert len(bytes.fromhex(expected_sha256(CHECKSUMS.read_text(), name))) == 32
    with pytest.raises(KeyError):
        expected_sha256(CHECKSUMS.read_text(), "keycloak-quarkus-dist-0.zip")


def test_unpacked_scripts_can_be_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, mode in (("x/bin/run.sh", 0o755), ("x/conf/plain.conf", 0o644)):
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, "#!/bin/sh\necho ran\n")
    unpack(tmp_path / "x.zip", tmp_path)
    script = tmp_path / "x" / "bin" / "run.sh"
    assert subprocess.run([script], capture_output=True, text=True, check=True).stdout == "ran\n"
    assert (tmp_path / "x" / "conf" / "plain.conf").stat().st_mode & 0o777 == 0o644


def test_a_member_that_points_outside_stays_inside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("../escaped", "x")
    (tmp_path / "into").mkdir()
    unpack(tmp_path / "x.zip", tmp_path / "into")
    assert not (tmp_path / "escaped").exists()


def test_settings_of_the_user_do_not_end_up_in_the_build(tmp_path: Path) -> None:
    user = {"KC_DB": "mysql", "JAVA_OPTS_APPEND": "-Dx", "JAVA": "/j", "PATH": "/bin", "HTTPS_PROXY": "p"}
    assert environment(tmp_path, user) == {"PATH": "/bin", "HTTPS_PROXY": "p", "JAVA_HOME": str(tmp_path)}


def test_the_real_distribution_is_built_for_postgresql(tmp_path: Path) -> None:
    """Fetches and builds it into the user's own cache if it is not there yet (a minute), as `make up` does.

    It is asked through a home that links to it, as a lab's server has one.
    """
    java = java_home()
    distribution = keycloak_home(Cache(), java, Told())
    for name in ("lib", "providers", "themes"):
        (tmp_path / name).symlink_to(distribution / name)
    shown = subprocess.run(
        [distribution / "bin" / "kc.sh", "show-config", f"-Dkc.home.dir={tmp_path}"],
        env={"JAVA_HOME": str(java), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for option in BUILD_OPTIONS:
        name, _, value = option.removeprefix("--").partition("=")
        assert f"kc.{name} =  {value} (Persisted)" in shown
