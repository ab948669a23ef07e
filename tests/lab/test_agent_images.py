from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from lab.agent.images import Images, wholly
from lab.images import Programs


class Maker:
    """Makes environments in a folder, and counts them. The first one waits for `go`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, 0
        self.go = threading.Event()

    def __call__(self, image: str) -> Programs | None:
        if image == "unknown":
            return None
        assert self.go.wait(10)
        self.made += 1
        (self.folder / image / "bin").mkdir(parents=True, exist_ok=True)
        return Programs(folder=self.folder / image)


def test_two_pods_of_one_image_wait_for_the_same_environment(tmp_path: Path) -> None:
    maker = Maker(tmp_path)

    async def play() -> None:
        images = Images(maker)
        asking = [asyncio.create_task(images.environment("app")) for _ in range(2)]
        await asyncio.sleep(0)
        maker.go.set()
        assert await asyncio.gather(*asking) == [Programs(folder=tmp_path / "app")] * 2
        assert maker.made == 1

    asyncio.run(play())


def test_an_environment_that_was_removed_is_made_again_and_an_unknown_image_asked_for_again(
    tmp_path: Path,
) -> None:
    maker = Maker(tmp_path)
    maker.go.set()

    async def play() -> None:
        images = Images(maker)
        assert await images.environment("unknown") is None
        await images.environment("app")
        (tmp_path / "app" / "bin").rmdir()
        await images.environment("app")
        assert maker.made == 2

    asyncio.run(play())


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": [{"image": "ours"}]}, True),
        ({"containers": [{"image": "ours"}, {"image": "theirs"}]}, False),
        ({"containers": [{"image": "ours"}], "initContainers": [{"image": "theirs"}]}, False),
        ({"containers": []}, False),
        ({}, False),
    ],
)
def test_a_pod_is_the_agents_if_all_of_its_images_are(spec: dict[str, object], expected: bool) -> None:
    assert wholly({"spec": spec}, lambda image: image == "ours") is expected
