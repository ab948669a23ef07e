from __future__ import annotations

from pathlib import Path

import pytest

from config.load import read
from config.outside import Outside
from lab.folder import LabFolder
from proof.errors import Impossible
from proof.servers import servers

ROOT = Path(__file__).resolve().parents[2]


def test_a_stack_on_other_clusters_than_the_labs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Impossible, match="stacks on the lab alone"):
        servers(read(ROOT, "prod"), LabFolder(tmp_path))


def test_a_cluster_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    settings = read(ROOT, "dev").with_outside(Outside())
    with pytest.raises(Impossible, match="did you mean 'east'"):
        servers(settings, LabFolder(tmp_path), "eats")


def test_without_a_lab_the_way_to_one_is_told(tmp_path: Path) -> None:
    settings = read(ROOT, "dev").with_outside(Outside())
    with pytest.raises(Impossible, match="mlops lab up"):
        servers(settings, LabFolder(tmp_path))
