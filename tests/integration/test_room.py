# SPDX-License-Identifier: ISC
"""/run is small, and may be full to the last byte and inode: then nothing new is made, and everything can still be ended."""

import os

import pytest

from doctor import assert_check
from tree import SERVICES, wait_until
from varlink import VarlinkError

SMALL = "mkdir -p /run/svcbroker; mount -t tmpfs -o mode=0755,size={size},nr_inodes={inodes} small /run/svcbroker"


@pytest.fixture
def small(make_tree):
    def make(size="6m", inodes=4000, **options):
        return make_tree(before=SMALL.format(size=size, inodes=inodes), **options)
    return make


def room(tree):
    info = os.statvfs(tree.path(SERVICES))
    return info.f_bavail, info.f_favail


def fill(tree, bytes_too=True, inodes_too=True):
    """Root's own files, in the place of whatever may fill it. Again where somebody has let go of something meanwhile: an s6-supervise that
    has just begun replaces its status."""
    tree.run("root", "sh", "-c", "mkdir -p /run/svcbroker/rest && : >/run/svcbroker/rest/bytes", check=True)
    if inodes_too:
        wait_until(lambda: fill_inodes(tree.path("/run/svcbroker/rest")) and room(tree)[1] == 0, what="no inode left")
    if bytes_too:
        wait_until(lambda: fill_bytes(tree.path("/run/svcbroker/rest/bytes")) and room(tree)[0] == 0, what="no byte left")


def fill_inodes(directory):
    for number in range(len(os.listdir(directory)), 100000):
        try:
            os.close(os.open(f"{directory}/{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError:
            break
    return True


def fill_bytes(path):
    with open(path, "ab", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                if file.write(b"x" * size) < size:
                    size //= 2
            except OSError:
                size //= 2
    return True


def empty(tree):
    tree.run("root", "rm", "-r", "/run/svcbroker/rest", check=True)


def problems(tree):
    return "; ".join(tree.call("Health", "root")["problems"])


def one(reply):
    (outcome,) = reply["outcomes"]
    assert "error" not in outcome, outcome
    return outcome


@pytest.mark.parametrize("bytes_too, inodes_too", [(True, True), (True, False), (False, True)])
def test_a_full_run_ends_no_control(small, bytes_too, inodes_too):
    tree = small()
    names = ["a", "b", "c", "d", "e"]
    for name in names:
        tree.register(name)
    for name in names:
        tree.wait_gateway(name)
    tree.register("down", start=False)
    fill(tree, bytes_too, inodes_too)

    with pytest.raises(VarlinkError) as caught:
        tree.register("new", user="root", start=False)
    assert caught.value.name == "SystemError" and caught.value.parameters["errno_name"] == "ENOSPC"
    tree.assert_absent("new")
    before = tree.state("a")
    with pytest.raises(VarlinkError):
        tree.register("a", user="root", environment={"MORE": "x" * 4000})
    assert tree.state("a")["pid"] == before["pid"]
    assert "full" in problems(tree)

    for user, (first, second) in {"hermes": ("a", "b"), "root": ("c", "d")}.items():
        assert one(tree.call("Stop", user, names=[f"gateway-{first}"], wait="down"))["persisted"] is True
        assert tree.state(first)["state"] == "down" and tree.state(first)["want"] == "down"
        pid = tree.state(second)["pid"]
        assert one(tree.call("Restart", user, names=[f"gateway-{second}"], wait="up"))["persisted"] is True
        assert tree.state(second)["pid"] not in (0, pid)
        one(tree.call("Reset", user, names=[f"gateway-{second}"]))
        one(tree.call("Start", user, names=[f"gateway-{first}"], wait="up"))
        one(tree.call("Stop", user, names=[f"gateway-{second}"], wait="down"))
    # A broker that is killed and comes back finds what it wrote.
    tree.kill_broker()
    assert tree.state("b")["want"] == "down" and tree.state("a")["want"] == "up"
    for name, user in (("a", "hermes"), ("b", "root")):
        assert tree.call("Unregister", user, profile=name, timeout_msec=5000)["removed"] is True
        tree.assert_absent(name)
    empty(tree)
    wait_until(lambda: "full" not in problems(tree), what="room again")
    tree.register("a", environment={"A": "b"})
    tree.wait_gateway("a")


def test_registrations_leave_room(small):
    """However much is registered: what is there can be stopped by who wants, and s6 can write what it must."""
    tree = small(size="6m", inodes=4000)
    refused = None
    for number in range(400):
        try:
            tree.register(f"p{number}", start=False, user="root", environment={f"V{i}": "x" * 450 for i in range(64)})
        except VarlinkError as error:
            refused = error
            break
    assert refused and refused.name == "SystemError" and refused.parameters["errno_name"] == "ENOSPC"
    blocks, inodes = room(tree)
    assert blocks * 4096 >= 512 * 1024 and inodes >= 64
    tree.call("Start", "root", names=["gateway-p0"], wait="up")
    tree.call("Stop", "hermes", names=["gateway-p0"], wait="down")
    assert "full" in problems(tree)
    assert_check(tree, "room", "failure", "/run/svcbroker/services")


def test_many_small_variables_cost_no_page_each(make_tree):
    tree = make_tree()
    tree.register("a", start=False)
    for run in ("a", "a/log"):  # an s6-supervise that takes orders writes its status only then
        wait_until(lambda r=run: tree.status(r), what=f"the status of {run}")
    before = os.statvfs(tree.path(SERVICES))
    tree.register("a", start=False, environment={f"V{i}": "x" for i in range(64)})
    after = os.statvfs(tree.path(SERVICES))
    assert before.f_bfree - after.f_bfree <= 4 and before.f_ffree - after.f_ffree <= 2


def test_all_variables_together_are_bounded(make_tree):
    tree = make_tree()
    environment = {f"V{i}": "x" * 4000 for i in range(8)}
    size = sum(len(name) + len(value) + 256 for name, value in environment.items())
    bound = 4 << 20
    with tree.connect("root") as connection:
        for number in range(bound // size):
            connection.call("Register", profile=f"p{number}", environment=environment, start=False)
        for profile in ("more", "default"):
            with pytest.raises(VarlinkError) as caught:
                connection.call("Register", profile=profile, environment=environment, start=False)
            assert caught.value.name == "LimitExceeded"
            assert caught.value.parameters == {"limit": "environment_total_bytes", "value": bound}
        tree.assert_absent("more")
        # One that is there may change, and take less; and what it leaves is there for others, also after a restart.
        assert connection.call("Register", profile="p0", environment={"A": "b"})["changed"] is True
    tree.kill_broker()
    tree.register("more", user="root", environment=environment, start=False)
    with pytest.raises(VarlinkError) as caught:
        tree.register("p0", user="root", environment=environment)
    assert caught.value.name == "LimitExceeded"
    assert tree.register("p0", user="root", start=False)["changed"] is False
    tree.call("Unregister", "root", profile="p1")
    assert tree.register("p0", user="root", environment=environment)["changed"] is True


def test_a_volume_that_fills_is_told_before_it_is_full(boot):
    """And that is known without an order: the volume is asked by a thread of its own, for whoever asks for Health."""
    tree = boot(before="mount -t tmpfs -o size=32m,nr_inodes=1000,uid=10000,gid=10000,mode=0755 small /opt/data")
    assert "volume" not in problems(tree)
    assert_check(tree, "volume", "ok")
    tree.run("hermes", "dd", "if=/dev/zero", "of=/opt/data/much", "bs=1M", "count=30", check=True)
    wait_until(lambda: "the volume is nearly full" in problems(tree), what="Health says so")
    assert_check(tree, "volume", "warning", "KiB are left")
    tree.run("hermes", "rm", "/opt/data/much", check=True)
    wait_until(lambda: "the volume" not in problems(tree), what="Health says nothing")
    tree.run("hermes", "sh", "-c", "i=0; while [ $i -lt 980 ]; do : >/opt/data/$i || exit 0; i=$((i+1)); done", check=True)
    wait_until(lambda: "the volume is nearly full" in problems(tree) and "inodes are left" in problems(tree), what="Health says so")


def test_whoever_fills_it_again_and_again(small):
    """Also what the broker let go for s6: then s6 can note nothing of what it does, and does it all the same."""
    tree = small()
    pids = {}
    for name in ("a", "b", "c", "d"):
        tree.register(name)
        pids[name] = tree.wait_gateway(name)
    fill(tree)
    tree.call("Stop", "root", names=["gateway-a"], wait="down")
    again = fill_again(tree)
    tree.kill_broker()
    again += fill_again(tree)
    assert one(tree.call("Stop", "hermes", names=["gateway-b"]))["persisted"] is True
    wait_until(lambda: pids["b"] not in tree.processes(), what="it has ended")
    assert one(tree.call("Restart", "root", names=["gateway-c"]))["persisted"] is True
    wait_until(lambda: pids["c"] not in tree.processes() and tree.gateway_log("c").count("started, pid") == 2, what="another one runs")
    tree.kill_broker()
    tree.call("Unregister", "root", profile="d", timeout_msec=1000)
    tree.wait_absent("d")
    assert pids["d"] not in tree.processes()
    for path in again:
        os.unlink(path)
    empty(tree)
    tree.call("Stop", "root", names=["gateway-c"], wait="down")
    assert tree.state("b")["want"] == "down"


def fill_again(tree):
    paths = []
    while True:
        path = tree.path(f"/run/svcbroker/{len(os.listdir(tree.path('/run/svcbroker')))}")
        try:
            with open(path, "xb") as file:
                paths.append(path)
                file.write(b"x")
        except OSError:
            break
    return paths


def test_whatever_was_registered_is_there_at_the_next_boot(boot, volume):
    """As many variables as all may have, small ones, are read again: none costs its profile what is wanted of it."""
    environment = {f"V{i:02}": "x" for i in range(64)}
    tree = boot()
    registered = []
    with pytest.raises(VarlinkError) as caught:
        for number in range(400):
            volume.profile(f"p{number}")
            tree.register(f"p{number}", user="root", environment=environment, start=False)
            registered.append(f"p{number}")
    assert caught.value.name == "LimitExceeded" and len(registered) > 200
    tree.stop()
    tree = boot()
    states = {service["profile"]: (service["state"], service["want"]) for service in tree.call("List")["services"] if service["kind"] == "gateway"}
    assert {states[name] for name in registered} == {("down", "down")}


@pytest.mark.parametrize("options, words", [("uid=0,gid=0,mode=0755", "Permission denied"), ("uid=10000,mode=0755,ro", "Read-only file system")])
def test_a_volume_that_cannot_be_written(boot, options, words):
    """Nothing was ordered yet: that nothing will last is told before somebody relies on it."""
    tree = boot(before=f"mount -t tmpfs -o {options} theirs /opt/data")
    wait_until(lambda: f"the client user cannot write to the volume: {words}" in problems(tree), 20, "Health says so")
    mend = "mount -o remount,rw /opt/data" if "ro" in options else "chown 10000 /opt/data"
    tree.run("root", "sh", "-c", mend, check=True)
    wait_until(lambda: "cannot write" not in problems(tree), 20, "Health says nothing")
