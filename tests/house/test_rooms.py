# SPDX-License-Identifier: ISC
"""Includes, and what the linker makes of them, go down the list of rooms only; and in no room do files call each other in a ring."""

import pytest

import debts
import law
import source


def room_of(path):
    """The place of a file in the list of rooms, from the bottom, and its name."""
    for place, room in enumerate(law.ROOMS):
        if path == room or path.startswith(room + "/"):
            return place, room
    return None, None


def goes_down(path, other):
    place, room = room_of(path)
    above, there = room_of(other)
    return above is not None and above <= place and law.sees(room, there)


def test_every_file_has_a_room():
    assert [path for path in source.ours() if room_of(path)[0] is None] == []


def test_every_room_has_files():
    found = {room_of(path)[1] for path in source.ours()} | set(law.GENERATED)
    assert [room for room in law.ROOMS if room not in found] == []


def test_includes_go_down():
    found = {}
    for path in source.ours():
        for line, other in source.includes(path):
            if not goes_down(path, other):
                found.setdefault(f"{path} {other}", []).append(f"line {line}: {room_of(path)[1]}/ sees nothing of {room_of(other)[1]}/")
    debts.settle("includes go down", found)


def test_calls_go_down():
    """What a declaration by hand, in place of an include, would hide."""
    found = {}
    for path, others in source.calls().items():
        for other, symbols in others.items():
            if not goes_down(path, other):
                found[f"{path} {other}"] = [f"calls {symbol}" for symbol in sorted(symbols)]
    debts.settle("calls go down", found)


def rings(graph):
    """The strongly connected components with more than one member (Tarjan's algorithm)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(frozenset(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def way(graph, begin, ring):
    """A round in a ring, from a file back to it: who calls whom, by which function."""
    def step(one, other):
        return f"{one} -> {other} ({', '.join(sorted(graph[one][other])[:2])})"

    before = {begin: None}
    queue = [begin]
    for node in queue:
        for other in sorted(graph[node]):
            if other == begin:
                steps = [step(node, other)]
                while before[node] is not None:
                    steps.insert(0, step(before[node], node))
                    node = before[node]
                return "; ".join(steps)
            if other in ring and other not in before:
                before[other] = node
                queue.append(other)
    return None


def test_rings_are_seen():
    """The search itself, on three small ones."""
    assert rings({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert rings({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == [frozenset("ab")]
    assert sorted(map(sorted, rings({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c", "a"}}))) == [["a", "b"], ["c", "d"]]


def test_no_ring():
    graph = source.calls()
    if not graph:
        pytest.fail(f"{source.BUILD}: nothing is built there")
    found = {}
    for ring in rings(graph):
        for path in ring:
            found[path] = [f"is in a ring of {len(ring)} files: {way(graph, path, ring)}"]
    debts.settle("no ring", found)
