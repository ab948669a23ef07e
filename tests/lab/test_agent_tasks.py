from __future__ import annotations

import asyncio

from lab.agent.tasks import cancelled


def test_it_waits_for_what_a_task_does_at_its_end_and_takes_whatever_it_ends_with() -> None:
    ended: list[str] = []

    async def work(name: str, error: Exception | None) -> None:
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0)
            ended.append(name)
            if error:
                raise error

    async def play() -> None:
        tasks = [asyncio.create_task(work("a", None)), asyncio.create_task(work("b", OSError()))]
        await asyncio.sleep(0)
        await cancelled(*tasks)
        assert all(task.done() for task in tasks)

    asyncio.run(play())
    assert sorted(ended) == ["a", "b"]


def test_nothing_and_what_has_ended_already_are_as_good() -> None:
    async def play() -> None:
        done = asyncio.create_task(asyncio.sleep(0))
        await done
        await cancelled()
        await cancelled(done)

    asyncio.run(play())
