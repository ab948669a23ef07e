from __future__ import annotations

from pathlib import Path

import pytest

from lab.errors import Refusal
from lab.folder import LabFolder
from lab.memory import Memory, recall, remember


def test_a_new_lab_remembers_nothing(tmp_path: Path) -> None:
    assert recall(LabFolder(tmp_path)) is None


def test_what_was_remembered_comes_back_equal(tmp_path: Path) -> None:
    memory = Memory(ports={"east-etcd": 20000}, block=17, clusters=("east",))
    remember(LabFolder(tmp_path), memory)
    assert recall(LabFolder(tmp_path)) == memory


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 99, "clusters": []}', '{"version": 1}'])
def test_a_file_that_is_no_memory_is_refused_with_the_remedy(tmp_path: Path, content: str) -> None:
    folder = LabFolder(tmp_path)
    folder.memory.write_text(content)
    with pytest.raises(Refusal, match="--purge") as refused:
        recall(folder)
    assert str(folder.memory) in str(refused.value)
