"""Works through a graph from the outside in: each node once nothing is left that needs it."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterable, Mapping


def reverse(
    needs: Mapping[str, Iterable[str]],
    remove: Callable[[str], bool],
    *,
    kept: Mapping[str, Iterable[str]],
    threads: int,
) -> dict[str, str]:
    """Call `remove` for every node of `needs` after all nodes that need it; independent ones in parallel.

    `remove` answers whether the node is gone. `kept` are nodes that stay, with what they need. What a kept or
    unremoved node needs is not removed; it is answered, with the node that holds it.
    """
    holders: dict[str, set[str]] = {node: set() for node in needs}
    blocked: dict[str, str] = {}
    for user, wanted in needs.items():
        for node in set(wanted) - {user}:
            if node in holders:
                holders[node].add(user)
    waiting: list[tuple[str, str]] = [
        (node, user) for user, wanted in kept.items() for node in wanted if node in holders
    ]
    while waiting:
        node, user = waiting.pop()
        if node not in blocked:
            blocked[node] = user
            waiting += [(inner, node) for inner in needs[node] if inner in holders]
    left = {node: users - {node} for node, users in holders.items() if node not in blocked}
    with concurrent.futures.ThreadPoolExecutor(max_workers=threads, thread_name_prefix="remove") as pool:
        running: dict[concurrent.futures.Future[bool], str] = {}

        def start(nodes: Iterable[str]) -> None:
            for node in nodes:
                running[pool.submit(remove, node)] = node

        start([node for node, users in left.items() if not users])
        while running:
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                node = running.pop(future)
                if future.result():
                    start(_released(node, needs, left))
                else:
                    _block(node, needs, left, blocked)
    return blocked


def _released(node: str, needs: Mapping[str, Iterable[str]], left: dict[str, set[str]]) -> list[str]:
    free = []
    for inner in set(needs[node]):
        users = left.get(inner)
        if users is not None and node in users:
            users.remove(node)
            if not users:
                free.append(inner)
    return free


def _block(
    node: str, needs: Mapping[str, Iterable[str]], left: Mapping[str, set[str]], blocked: dict[str, str]
) -> None:
    pending = [(inner, node) for inner in needs[node]]
    while pending:
        inner, user = pending.pop()
        if inner in left and inner not in blocked:
            blocked[inner] = user
            pending += [(further, inner) for further in needs[inner]]
