# SPDX-License-Identifier: ISC
"""What root's orders wait for on the volume cannot be occupied by hermes's, and nothing old overtakes what is new."""

import os
import select
import subprocess

import pytest

import faults
from test_volume import Hang, at_once, order
from tree import TOP, wait_until
from varlink import VarlinkError


@pytest.fixture
def hanging(boot, volume, tmp_path):
    """hanging(): hermes's Stop of coder waits for a sync that takes until release() is called. The tree, the connection, release."""
    library = f"{tmp_path}/sync_hangs.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", library, f"{TOP}/tests/integration/sync_hangs.c"], check=True)
    for name in ("coder", "writer"):
        volume.profile(name, intent={"version": 1, "want": "up"})
    tree = boot(before=f"cp {library} /run/sync_hangs.so; "
                       "sed -i 's|^exec .*svcbrokerd |exec env LD_PRELOAD=/run/sync_hangs.so "
                       "ASAN_OPTIONS=\"${ASAN_OPTIONS-}:verify_asan_link_order=0\" /usr/local/sbin/svcbrokerd |' " + faults.RUN)
    for name in ("coder", "writer"):
        tree.wait_gateway(name)
    tree.run("root", "touch", "/run/sync-hangs", check=True)
    connection = tree.connect()
    connection.send("Stop", {"names": ["gateway-coder"]})
    # Written, and not in its place yet.
    wait_until(lambda: os.path.exists(f"{volume.path}/.svcbroker/intent/.coder.svcbroker"), what="the record of hermes's Stop")
    yield tree, connection, lambda: tree.run("root", "touch", "/run/sync-goes", check=True)
    connection.close()


def records(volume):
    return sorted(os.listdir(f"{volume.path}/.svcbroker/intent"))


def test_root_s_record_waits_for_nobody_s(hanging, volume):
    tree, connection, release = hanging
    with tree.connect("root") as root:
        for method, want in (("Stop", "down"), ("Start", "up"), ("Stop", "down")):
            assert root.call(method, names=["gateway-writer"])["outcomes"][0]["persisted"] is True, method
            assert volume.intent("writer")["want"] == want
        assert root.call("Register", profile="new", start=False)["persisted"] is True
        assert root.call("Unregister", profile="new")["persisted"] is True
    assert connection.result()["outcomes"][0]["persisted"] is False
    # Whoever has one that hangs is told so at once; and root still is not.
    assert order(tree, "Stop", "writer")["persisted"] is False
    assert tree.call("Start", "root", names=["gateway-writer"])["outcomes"][0]["persisted"] is True
    release()
    wait_until(lambda: volume.intent("coder")["want"] == "down", what="hermes's record, when the volume goes on")
    wait_until(lambda: order(tree, "Stop", "writer")["persisted"], what="records of hermes's")
    wait_until(lambda: [name for name in records(volume) if name.startswith(".")] == [], what="nothing half written")


def test_what_is_old_does_not_overtake(hanging, volume):
    """Hermes's record of the same gateway has been written, but for its rename. Root's takes its place, and keeps it."""
    tree, connection, release = hanging
    assert tree.call("Start", "root", names=["gateway-coder"])["outcomes"][0]["persisted"] is True
    assert volume.intent("coder")["want"] == "up"
    with pytest.raises(VarlinkError, match="Superseded"):
        connection.result()
    release()
    wait_until(lambda: order(tree, "Stop", "writer")["persisted"], what="records of hermes's, so that its old one is over")
    assert volume.intent("coder")["want"] == "up"
    assert [name for name in records(volume) if name.startswith(".")] == []
    assert tree.state("coder")["want"] == "up"


def test_names_under_way_are_bounded(boot, volume):
    """A thousand names that the volume does not answer for are as much as hermes may have under way: its next order waits for them, root's does not."""
    volume.profile("coder")
    tree = boot()
    with Hang(tree), tree.connect() as first, tree.connect() as second, tree.connect() as third:
        with at_once(tree):
            for connection in (first, second):
                connection.send("Start", {"names": [f"gateway-{id(connection)}-{number}" for number in range(600)]})

        def waits():
            """Not before both of them have been read. Root is answered while it waits."""
            third.send("Reset", {"names": ["gateway-coder"]})
            assert "error" not in tree.call("Reset", "root", names=["gateway-coder"])["outcomes"][0]
            readable, _, _ = select.select([first.socket, second.socket, third.socket], [], [], 0.1)
            assert not {first.socket, second.socket} & set(readable)
            return third.socket not in readable or third.result() is None

        wait_until(waits, what="hermes's third order waiting")
        assert third.result()["outcomes"][0]["name"] == "gateway-coder"
        readable, _, _ = select.select([first.socket, second.socket], [], [], 0)
        assert readable, "one of the others was done before it"
        for connection in (first, second):
            assert len(connection.result()["outcomes"]) == 600
