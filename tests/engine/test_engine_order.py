"""The order in which a graph is taken apart."""

from __future__ import annotations

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.order import reverse


@st.composite
def _graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    count = draw(st.integers(1, 8))
    return {
        str(node): tuple(str(inner) for inner in draw(st.sets(st.integers(0, node - 1), max_size=3)))
        if node
        else ()
        for node in range(count)
    }


@settings(max_examples=60, deadline=None)
@given(_graphs(), st.sets(st.integers(0, 7), max_size=2), st.sets(st.integers(0, 7), max_size=2))
def test_nothing_goes_before_what_needs_it(
    graph: dict[str, tuple[str, ...]], failing: set[int], kept: set[int]
) -> None:
    gone: list[str] = []
    lock = threading.Lock()
    stay = {str(node) for node in kept}
    targets = {node: inner for node, inner in graph.items() if node not in stay}

    def remove(node: str) -> bool:
        with lock:
            users = {user for user, inner in graph.items() if node in inner}
            assert users <= set(gone), f"{node} went before {users - set(gone)}"
            if int(node) in failing:
                return False
            gone.append(node)
            return True

    blocked = reverse(
        targets, remove, kept={node: inner for node, inner in graph.items() if node in stay}, threads=4
    )
    left = targets.keys() - set(gone)
    assert left == blocked.keys() | {node for node in left if int(node) in failing and node not in blocked}
    for node in blocked:
        users = {user for user, inner in graph.items() if node in inner}
        assert users - set(gone), f"{node} was held by nobody"
