"""The broker is killed at every step of an operation, and the next one finds a slot that is whole or absent, and works.

strace delivers SIGKILL when the broker enters the N-th call of some system call: each change on disk is such a call, so the
steps are found, not listed. A step that cannot be reached any more ends the count."""

import json
import os
import subprocess

import pytest

from tree import TOP, wait_until
from varlink import Closed

# What changes something outside the process, and how many calls to leave out between two that are tried.
CALLS = {"mkdirat": 1, "renameat": 1, "symlinkat": 1, "write": 2, "unlinkat": 4, "sendto": 1}
SLOW_STRIDE = 3  # under the sanitizers


class Killer:
    """The broker dies on entering the count-th `call` from now on, if it gets there."""

    def __init__(self, tree, call, count):
        self.tree = tree
        self.pid = tree.broker_pid()
        # A process of the tree's pid namespace, so that strace finds the broker by the pid that it has there.
        self.strace = subprocess.Popen(
            ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), "root",
             "strace", "-f", "-p", str(self.pid), "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={count}"],
            cwd=TOP, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "attached" not in (line := self.strace.stderr.readline()):
            assert line, "strace did not attach"

    def lives(self):
        try:
            with open(self.tree.path(f"/proc/{self.pid}/stat")) as file:
                return file.read().rpartition(")")[2].split()[0] not in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def end(self):
        """Whether it died; the next one serves then."""
        # Told to end, strace lets go of the broker. One whose broker has died may wait for it for ever, and keeps it a zombie.
        def ended():
            self.tree.run("root", "pkill", "-TERM" if self.lives() else "-KILL", "-x", "strace")
            return self.strace.poll() is not None

        wait_until(ended, 20, "strace ended")
        self.strace.stderr.close()
        if self.lives():
            return False
        self.tree.expected_ends += 1
        wait_until(lambda: self.tree.broker_is_ready(self.pid), 20, "the broker back")
        return True


def call_and_maybe_die(tree, method, **parameters):
    try:
        return tree.call(method, **parameters)
    except (OSError, Closed):
        return None  # the connection ended with the broker


def kill_points(tree, call, stride, prepare, act, check):
    """Runs `act` again and again, dying one step later each time, until it does not die any more. How often it did."""
    for count in range(1, 1000, stride):
        prepare()
        killer = Killer(tree, call, count)
        act()
        if not killer.end():
            return (count - 1 + stride - 1) // stride
        check()
    raise AssertionError("it dies for ever")


def is_whole(tree, profile):
    """All that a slot is, and works: it can be started and stopped."""
    tree.call("Start", names=[f"gateway-{profile}"], wait="up")
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    assert os.path.islink(tree.path(f"/run/service/gateway-{profile}"))
    with open(f"{tree.slot(profile)}/data/profile") as file:
        assert file.read() == f"{profile}\n"


def is_going(tree, profile):
    try:
        with open(f"{tree.slot(profile)}/data/state") as file:
            return json.load(file)["removing"]
    except FileNotFoundError:
        return False


def pending(tree, profile):
    with open(f"{tree.slot(profile)}/data/state") as file:
        return json.load(file)["pending"]


def leftovers(tree):
    return [name for name in os.listdir(tree.path("/run/svcbroker/services")) if name.startswith(".gateway")]


@pytest.mark.parametrize("call", CALLS)
def test_register_is_all_or_nothing(tree, profile, sanitized, call):
    def check():
        wait_until(lambda: not leftovers(tree), 5, "nothing staged left")
        names = [service["name"] for service in tree.call("List", "root")["services"]]
        if f"gateway-{profile}" in names:
            wait_until(lambda: tree.state(profile)["state"] == "down", 10, "adopted")
        reply = tree.call("Register", "root", profile=profile, start=False)
        assert reply["created"] == (f"gateway-{profile}" not in names)
        is_whole(tree, profile)

    died = kill_points(tree, call, CALLS[call] * (SLOW_STRIDE if sanitized else 1),
                       lambda: tree.call("Unregister", "root", profile=profile, timeout_msec=1000),
                       lambda: call_and_maybe_die(tree, "Register", profile=profile, start=False, user="root"), check)
    assert died > 0


@pytest.mark.parametrize("call", [call for call in CALLS if call not in ("mkdirat", "symlinkat")])
def test_unregister_is_all_or_nothing(tree, profile, sanitized, call):
    def prepare():
        tree.call("Register", "root", profile=profile, environment={"GATEWAY_TEST": "child"})
        tree.wait_gateway(profile)

    def check():
        # What was begun is ended by the next broker; what was not recorded yet did not happen.
        wait_until(lambda: not leftovers(tree) and not is_going(tree, profile), 10, "nothing half gone left")
        if os.path.exists(tree.slot(profile)) and tree.call("List", "root"):
            tree.call("Unregister", "root", profile=profile, timeout_msec=1000)
        tree.assert_absent(profile)

    died = kill_points(tree, call, CALLS[call] * (SLOW_STRIDE if sanitized else 1), prepare,
                       lambda: call_and_maybe_die(tree, "Unregister", profile=profile, timeout_msec=1000, user="root"), check)
    assert died > 0


@pytest.mark.parametrize("method, want", [("Start", "up"), ("Stop", "down"), ("Restart", "up")])
@pytest.mark.parametrize("call", ["write", "renameat", "sendto"])
def test_an_acknowledged_order_survives(tree, profile, call, method, want):
    """Acknowledged: the reply came. Then what was ordered comes about, whoever is killed."""
    replies = []

    def prepare():
        replies.clear()
        tree.call("Register", "root", profile=profile, start=False)
        other = "Stop" if want == "up" and method == "Start" else "Start"
        tree.call(other, "root", names=[f"gateway-{profile}"], wait="down" if other == "Stop" else "up")

    def check():
        if replies[0]:
            assert replies[0]["outcomes"][0]["persisted"] is True
            with open(tree.path(f"/opt/data/.svcbroker/intent/{profile}")) as file:
                assert json.load(file)["want"] == want, "so it survives the container, too"
            state = "up" if want == "up" else "down"
            wait_until(lambda: (now := tree.state(profile))["state"] == state and now["want"] == want, 20, f"{method} comes true")

    kill_points(tree, call, 1, prepare,
                lambda: replies.append(call_and_maybe_die(tree, method, names=[f"gateway-{profile}"], user="root")), check)


@pytest.mark.parametrize("call", ["mkdirat", "renameat", "symlinkat", "write"])
def test_a_reconcile_is_ended_by_the_next_broker(boot, volume, sanitized, call):
    wanted = {"k0": "up", "k1": "down", "k2": "up"}
    tree = boot()

    def prepare():
        for name, want in wanted.items():
            tree.call("Unregister", "root", profile=name, timeout_msec=1000)
            volume.profile(name, intent={"version": 1, "want": want, "environment": {"A": name}})

    def check():
        def shown():
            return {service["profile"]: service["state"] for service in tree.call("List", "root")["services"]
                    if service["kind"] == "gateway"}
        wait_until(lambda: shown() == {"default": "down", **wanted}, 30, "every profile has its slot, and is as wanted")
        for name, want in wanted.items():
            assert volume.intent(name) == {"version": 1, "want": want, "environment": {"A": name}}
            with open(f"{tree.slot(name)}/env/A") as file:
                assert file.read() == name
            wait_until(lambda name=name: pending(tree, name) == "nothing", 10, "the order of the start delivered")
        assert not leftovers(tree)

    died = kill_points(tree, call, 5 * (SLOW_STRIDE if sanitized else 1), prepare,
                       lambda: call_and_maybe_die(tree, "Reconcile", user="root"), check)
    assert died > 0
