# SPDX-License-Identifier: ISC
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
CALLS = {"mkdirat": 1, "renameat2": 1, "renameat": 1, "symlinkat": 1, "write": 2, "linkat": 2, "unlinkat": 4, "sendto": 1}
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

    def fate(self):
        """Whether it died, as a word; None: that is not known yet. One that was killed closes its connections some time before it is a zombie, and
        answers nothing any more. pids come once in a tree: if the old one is there when something has answered, it was the old one."""
        if not self.lives():
            return "died"
        return "lives" if call_and_maybe_die(self.tree, "Health", user="root") and self.lives() else None

    def end(self):
        """Whether it died; the next one serves then."""
        # Told to end, strace lets go of the broker. One whose broker has died may wait for it for ever, and keeps it a zombie.
        def ended():
            self.tree.run("root", "pkill", "-TERM" if self.lives() else "-KILL", "-x", "strace")
            return self.strace.poll() is not None

        wait_until(ended, what="strace ended")
        self.strace.stderr.close()
        if wait_until(self.fate, what="whether it died") == "lives":
            return False
        self.tree.expected_ends += 1
        wait_until(lambda: self.tree.broker_is_ready(self.pid), what="the broker back")
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


EXPECTED = (".boot", ".state", ".empty", ".svcbroker", ".svcbroker-slot", ".s6-svscan")


def left_anywhere(tree):
    """Every name that begins with a dot, as all of what is half done does, where the broker writes."""
    tops = [tree.path(top) for top in ("/run/svcbroker", "/run/service", "/opt/data/.svcbroker")]
    tops += [entry.path for entry in os.scandir(tree.path("/opt/data/profiles")) if entry.is_dir()] \
        if os.path.isdir(tree.path("/opt/data/profiles")) else []
    found = [os.path.join(top, name) for top in tops for top, directories, files in os.walk(top) for name in directories + files]
    found += [os.path.join(tree.path("/opt/data"), name) for name in os.listdir(tree.path("/opt/data"))]
    return [path for path in found if os.path.basename(path).startswith(".") and os.path.basename(path) not in EXPECTED]


def told_twice(tree, profile):
    """What is wanted and the variables, as the slot has them and as the volume does; and whether the broker thinks that it wrote it."""
    with open(f"{tree.slot(profile)}/data/state") as file:
        record = json.load(file)
    try:
        with open(tree.path(f"/opt/data/.svcbroker/intent/{profile}")) as file:
            intent = json.load(file)
    except FileNotFoundError:
        intent = {}
    return ({"want": record["want"], "environment": tree.slot_variables(profile), "unpersisted": False},
            {"want": intent.get("want"), "environment": intent.get("environment", {}), "unpersisted": record["unpersisted"]})


def wait_agreement(tree, profile):
    """Whichever it is, the slot and the volume say the same, and nothing half done is left."""
    def agrees():
        slot, volume = told_twice(tree, profile)
        return slot == volume
    try:
        wait_until(agrees)
    except AssertionError:
        raise AssertionError("slot {}, volume {}".format(*told_twice(tree, profile))) from None
    try:
        wait_until(lambda: not left_anywhere(tree))
    except AssertionError:
        raise AssertionError(f"left: {left_anywhere(tree)}") from None


def is_on_the_volume(reply):
    """As the reply says. It is refused for no other reason than that the time for it was over: strace has each thread of the broker wait at
    each call that it makes."""
    assert reply["persisted"] is True or "does not answer" in reply["persist_error"], reply
    return reply["persisted"]


def wait_healthy(tree):
    """The volume may have been late while strace was there, and is told of until it answers again."""
    try:
        wait_until(lambda: tree.call("Health", "root")["problems"] == [])
    except AssertionError:
        raise AssertionError(f"problems: {tree.call('Health', 'root')['problems']}") from None


@pytest.mark.parametrize("call", [call for call in CALLS if call != "unlinkat"])
def test_register_is_all_or_nothing(tree, profile, sanitized, call):
    def check():
        wait_until(lambda: not leftovers(tree), what="nothing staged left")
        names = [service["name"] for service in tree.call("List", "root")["services"]]
        if f"gateway-{profile}" in names:
            wait_until(lambda: tree.state(profile)["state"] == "down", what="adopted")
            wait_agreement(tree, profile)
        reply = tree.call("Register", "root", profile=profile, start=False)
        assert reply["created"] == (f"gateway-{profile}" not in names)
        is_whole(tree, profile)

    died = kill_points(tree, call, CALLS[call] * (SLOW_STRIDE if sanitized else 1),
                       lambda: tree.call("Unregister", "root", profile=profile, timeout_msec=1000),
                       lambda: call_and_maybe_die(tree, "Register", profile=profile, start=False, user="root"), check)
    assert died > 0


# Of what a change of the variables does: openat is each file's making; pwrite64 and fsync are in it for what they may become.
CHANGES = {"openat": 1, "openat2": 1, "renameat2": 1, "renameat": 1, "rename": 1, "write": 1, "ftruncate": 1, "fchmod": 1, "unlinkat": 1, "fsync": 1,
           "fallocate": 1, "sendto": 1}


@pytest.mark.parametrize("gateways", [False, True], ids=["no-gateways", "gateways"])
def test_a_change_of_variables_is_whole(make_tree, sanitized, gateways):
    """Killed within a Register that nobody has an answer for: the slot and the volume say the same after it, whichever it is."""
    old, new = {"A": "1", "LINES": "a\n b\n"}, {"A": "2", "B": "", "LINES": "\n"}
    replies = []
    tree = make_tree(gateways=gateways)

    def prepare():
        replies.clear()
        wait_until(lambda: tree.call("Register", "root", profile="coder", environment=old, start=False)["persisted"], what="the volume")
        wait_agreement(tree, "coder")

    def check():
        wait_agreement(tree, "coder")
        slot, _ = told_twice(tree, "coder")
        assert slot["environment"] in (old, new)
        if replies[0]:
            assert slot["environment"] == new
            is_on_the_volume(replies[0])
        wait_healthy(tree)

    died = 0
    for call, stride in CHANGES.items():
        died += kill_points(tree, call, stride * (SLOW_STRIDE if sanitized else 1), prepare,
                            lambda: replies.append(call_and_maybe_die(tree, "Register", profile="coder", environment=new,
                                                                      start=False, user="root")), check)
    assert died > (5 if sanitized else 20)


@pytest.mark.parametrize("gateways", [False, True], ids=["no-gateways", "gateways"])
def test_a_new_slot_is_on_the_volume_too(make_tree, sanitized, gateways):
    """Killed within a Register: where the slot is there afterwards, so is the intent, and a gateway that runs is not a secret."""
    environment = {"A": "1", "LINES": "a\nb\n"}
    tree = make_tree(gateways=gateways)

    def prepare():
        tree.unregister("fresh")
        tree.assert_absent("fresh")

    def check():
        if "gateway-fresh" in [service["name"] for service in tree.call("List", "root")["services"]]:
            wait_agreement(tree, "fresh")
            assert told_twice(tree, "fresh")[0] == {"want": "up", "environment": environment, "unpersisted": False}
            tree.wait_state("fresh", "up")
            wait_healthy(tree)
        else:
            wait_until(lambda: not left_anywhere(tree), what=f"{left_anywhere(tree)} gone")
            assert not os.path.exists(tree.path("/opt/data/.svcbroker/intent/fresh"))

    died = 0
    for call, stride in {"renameat2": 1, "symlinkat": 1, "write": 3, "fsync": 1, "renameat": 1, "openat": 6, "mkdirat": 3}.items():
        died += kill_points(tree, call, stride * (SLOW_STRIDE if sanitized else 1), prepare,
                            lambda: call_and_maybe_die(tree, "Register", profile="fresh", environment=environment, user="root"), check)
    assert died > (3 if sanitized else 10)


@pytest.mark.parametrize("call", [call for call in CALLS if call not in ("mkdirat", "symlinkat", "linkat")])
def test_unregister_is_all_or_nothing(tree, profile, sanitized, call):
    def prepare():
        tree.call("Register", "root", profile=profile, environment={"GATEWAY_TEST": "child"})
        tree.wait_gateway(profile)

    def check():
        # What was begun is ended by the next broker; what was not recorded yet did not happen. Its directory has another name at the end, which
        # who has looked for that before would not see.
        wait_until(lambda: not is_going(tree, profile) and not leftovers(tree), what="nothing half gone left")
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
            if is_on_the_volume(replies[0]["outcomes"][0]):
                with open(tree.path(f"/opt/data/.svcbroker/intent/{profile}")) as file:
                    assert json.load(file)["want"] == want, "so it survives the container, too"
            state = "up" if want == "up" else "down"
            wait_until(lambda: (now := tree.state(profile))["state"] == state and now["want"] == want, what=f"{method} comes true")

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
        wait_until(lambda: shown() == {"default": "down", **wanted}, what="every profile has its slot, and is as wanted")
        for name, want in wanted.items():
            assert volume.intent(name) == {"version": 1, "want": want, "environment": {"A": name}}
            assert tree.slot_variables(name) == {"A": name}
            wait_until(lambda name=name: pending(tree, name) == "nothing", what="the order of the start delivered")
        assert not leftovers(tree)

    # The broker sees new profiles by itself: on a busy machine it may have been first, and nothing is left to do.
    assert any(kill_points(tree, call, 5 * (SLOW_STRIDE if sanitized else 1), prepare,
                           lambda: call_and_maybe_die(tree, "Reconcile", user="root"), check) > 0 for _ in range(10))


@pytest.mark.parametrize("gateways", [False, True], ids=["no-gateways", "gateways"])
def test_what_the_volume_lacks_is_written_by_the_next_broker(make_tree, gateways):
    """Without an order by anybody: it is tried again for as long as it takes, and Health says so meanwhile."""
    tree = make_tree(gateways=gateways, profiles="")
    # In the place of the directory, so that nothing can be written.
    tree.run("root", "sh", "-c", "mv /opt/data/.svcbroker /opt/was 2>/dev/null; : >/opt/data/.svcbroker", check=True)
    assert tree.call("Register", "root", profile="coder", environment={"A": "1"})["persisted"] is False
    for _ in range(2):
        tree.kill_broker()
        wait_until(lambda: "is not recorded on the volume yet" in "".join(tree.call("Health", "root")["problems"]), what="Health says it")
    tree.run("root", "rm", "/opt/data/.svcbroker", check=True)
    wait_agreement(tree, "coder")
    assert told_twice(tree, "coder")[1] == {"want": "up", "environment": {"A": "1"}, "unpersisted": False}
    wait_until(lambda: "is not recorded on the volume yet" not in "".join(tree.call("Health", "root")["problems"]), what="nothing waits")


def test_leftovers_are_swept(make_tree):
    """What a broker leaves that is killed at any instruction, wherever it writes; and what may be another's stays."""
    def plant(tree):
        tree.run("hermes", "sh", "-c", """cd /opt/data; mkdir -p profiles/coder .svcbroker/intent; echo You >profiles/coder/SOUL.md
            : >.svcbroker/intent/.coder.svcbroker; : >.svcbroker/intent/.coder.svcbroker7; : >.svcbroker/intent/..doctor.svcbroker; : >.svcbroker/intent/.doctor; : >.doctor
            : >..doctor.svcbroker; : >..gateway-planned-stop.json.svcbroker; : >profiles/coder/..gateway-planned-stop.json.svcbroker
            mkdir .svcbroker/intent/.directory.svcbroker; ln -s coder .svcbroker/intent/.link.svcbroker; : >.svcbroker/intent/.svcbroker
            touch -d 2001-01-01 .svcbroker/intent/.[.a-z]*[a-z0-9] profiles/coder/..g* .doctor ..[dg]*""", check=True)
        tree.run("root", "sh", "-c", f"""cd {tree_services}; : >.boot.new; cd gateway-coder; mkdir .env.new; : >.env.new/A; : >.env.old
            : >data/.state; : >supervise/.svcbroker-tally; : >log/supervise/.svcbroker-tally""", check=True)

    tree_services = "/run/svcbroker/services"
    tree = make_tree(gateways=True, profiles="")
    tree.register("coder", start=False, environment={"A": "1"})
    wait_agreement(tree, "coder")
    plant(tree)
    tree.kill_broker()
    kept = [f"/opt/data/.svcbroker/intent/{name}" for name in (".directory.svcbroker", ".link.svcbroker")]
    left = wait_until(lambda: len(names := left_anywhere(tree)) <= len(kept) and names or None, what=f"{left_anywhere(tree)}")
    assert sorted(left) == sorted(map(tree.path, kept))
    assert told_twice(tree, "coder")[0]["environment"] == {"A": "1"}
    tree.call("Start", "root", names=["gateway-coder"], wait="up")
