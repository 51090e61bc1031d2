# SPDX-License-Identifier: ISC
"""A volume that is read-only, full, another's, slow or hung: orders still work at once, and say that they are not on it."""

import contextlib
import os
import subprocess

import pytest

import s6
from tree import SERVICES, TOP, wait_until
from varlink import HANG_SEC, VarlinkError


def loggers_have_begun(tree):
    """All that have something to log: none is just about to look at its directory."""
    processes, services = tree.processes(), tree.path(SERVICES)
    found = [s6.read_status(f"{services}/{name}/log") for name in os.listdir(services)
             if name.startswith("gateway-") and not os.path.exists(f"{services}/{name}/log/down")]
    return all(status and "s6-log" in processes.get(status.pid, ("",))[0] for status in found)


class Hang:
    """The tree's volume, or what is named of it, hangs from here to there. A process that waits there cannot be ended: no logger does."""

    def __init__(self, tree, *paths):
        wait_until(lambda: loggers_have_begun(tree), what="all loggers")
        self.processes = [subprocess.Popen(
            ["nsenter", "--target", str(tree.pid), "--mount", "--pid", "/usr/bin/python3", f"{TOP}/tests/integration/hang.py", path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) for path in paths or ("/opt/data",)]

    def __enter__(self):
        for process in self.processes:
            assert process.stdout.readline() == b"hung\n"
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.stdin.close()
            process.wait(HANG_SEC)


@contextlib.contextmanager
def at_once(tree):
    """What is called meanwhile is read by the broker in one go, so that little of its time for the volume is the test's."""
    tree.signal("STOP", pid := tree.broker_pid())
    try:
        yield
    finally:
        tree.signal("CONT", pid)


def order(tree, method, profile, **parameters):
    return tree.call(method, names=[f"gateway-{profile}"], **parameters)["outcomes"][0]


def mount(tree, *arguments):
    subprocess.run(["nsenter", "--target", str(tree.pid), "--mount", "--pid", "mount", *arguments], check=True)


def problems(tree):
    return " ".join(tree.call("Health")["problems"])


def test_a_read_only_volume(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "down"})
    tree = boot()
    # A mount of its own on top: the loggers have files open for writing below.
    os.mkdir(tree.path("/run/read-only"))
    mount(tree, "--bind", "/opt/data", "/run/read-only")
    mount(tree, "-o", "remount,bind,ro", "/run/read-only")
    mount(tree, "--bind", "/run/read-only", "/opt/data")
    outcome = order(tree, "Start", "coder", wait="up")
    assert outcome["persisted"] is False and outcome["persist_error"] == os.strerror(30)
    assert outcome["service"]["state"] == "up"
    assert "gateway-coder" in problems(tree) or "volume" in problems(tree)
    reply = tree.call("Register", profile="new", environment={"A": "b"}, start=False)
    assert reply["created"] is True and reply["persisted"] is False and reply["persist_error"] == os.strerror(30)
    # A broker that is restarted meanwhile still knows that the volume does not.
    tree.kill_broker()
    assert tree.state("coder")["want"] == "up"
    assert volume.intent("coder")["want"] == "down"
    subprocess.run(["nsenter", "--target", str(tree.pid), "--mount", "--pid", "umount", "--lazy", "/opt/data"], check=True)
    wait_until(lambda: volume.intent("coder")["want"] == "up", what="the record, once the volume can be written")
    wait_until(lambda: os.path.exists(f"{volume.path}/.svcbroker/intent/new"), what="and the other one")
    assert volume.intent("new") == {"version": 1, "want": "down", "environment": {"A": "b"}}
    wait_until(lambda: "volume" not in problems(tree), what="health")


def test_a_full_volume(boot, volume):
    volume.profile("coder")
    tree = boot(before="mount -t tmpfs -o size=256k,uid=10000,gid=10000,mode=0755 full /opt/data; "
                       "mkdir -p /opt/data/profiles/coder; touch /opt/data/profiles/coder/SOUL.md; chown -R hermes:hermes /opt/data")
    assert order(tree, "Stop", "coder")["persisted"] is True
    tree.run("hermes", "sh", "-c", "cat /dev/zero >/opt/data/ballast 2>/dev/null")
    outcome = order(tree, "Start", "coder", wait="up")
    assert outcome["persisted"] is False and outcome["persist_error"] == os.strerror(28)
    with open(tree.path("/opt/data/.svcbroker/intent/coder")) as file:
        assert '"want":"down"' in file.read(), "the old record, whole"
    # Every few seconds it is tried again, with a file that is not left there.
    wait_until(lambda: os.listdir(tree.path("/opt/data/.svcbroker/intent")) == ["coder"], what="nothing beside it")
    tree.run("hermes", "rm", "/opt/data/ballast", check=True)

    def is_written():
        with open(tree.path("/opt/data/.svcbroker/intent/coder")) as file:
            return '"want":"up"' in file.read()
    wait_until(is_written, what="the record, once there is room")


def test_a_volume_that_is_not_the_clients(boot, volume):
    volume.profile("coder", {"gateway_state": "running"})
    tree = boot(before="chown root:root /opt/data; chmod 0755 /opt/data")
    tree.wait_state("coder", "up")
    outcome = order(tree, "Stop", "coder", wait="down")
    assert outcome["persisted"] is False and outcome["persist_error"] == os.strerror(13)
    assert "volume" in problems(tree)


def test_a_volume_that_hangs(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "down"})
    tree = boot()
    tree.register("static", start=False)
    with Hang(tree):
        outcome = order(tree, "Stop", "coder")
        assert outcome["persisted"] is False and "does not answer" in outcome["persist_error"]
        # From here on it is known to hang: nobody waits for it again.
        with tree.connect() as connection:
            for _ in range(20):
                connection.send("Stop", {"names": ["gateway-coder"]})
            for _ in range(20):
                assert connection.result()["outcomes"][0]["persisted"] is False
        assert "volume" in problems(tree)
        with pytest.raises(VarlinkError, match="SystemError"):
            tree.call("Reconcile")
        with pytest.raises(VarlinkError, match="SystemError"):
            order(tree, "Start", "unheard-of")
        reply = tree.call("Register", profile="new", start=False)
        assert reply["created"] is True and reply["persisted"] is False
        assert tree.call("Unregister", profile="static")["persisted"] is False
        tree.assert_absent("static")
        order(tree, "Start", "coder")
    wait_until(lambda: volume.intent("coder")["want"] == "up", what="the newest record, once the volume answers")
    wait_until(lambda: "volume" not in problems(tree), what="health")
    assert os.path.exists(f"{volume.path}/.svcbroker/intent/new")
    tree.wait_state("coder", "up")


def is_hung(tree, pid):
    """It sleeps where no signal reaches it."""
    try:
        with open(tree.path(f"/proc/{pid}/stat")) as file:
            return file.read().rpartition(")")[2].split()[0] == "D"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_logger_that_hangs_with_the_volume(boot, volume):
    """Nothing ends it. Its gateway stays until the volume answers, and what does not end is said to be it."""
    tree = boot()
    with Hang(tree):
        tree.register("late", start=False)
        tree.begin_logger("late")
        wait_until(lambda: any("svcbroker-slot log " in line and "late" in line and is_hung(tree, pid)
                               for pid, (line, _, _) in tree.processes().items()), what="its logger, which hangs")
        with pytest.raises(VarlinkError) as caught:
            tree.call("Unregister", profile="late", timeout_msec=1000)
        assert caught.value.name == "Unsupervised" and "its logger does not end" in caught.value.parameters["reason"]
        assert "does not read its orders" not in problems(tree)
    wait_until(lambda: "gateway-late" not in " ".join(os.listdir(tree.path(SERVICES))), what="it goes when that answers")
    tree.assert_absent("late")


def test_a_boot_with_a_volume_that_hangs(boot, volume):
    volume.profile("default", intent={"version": 1, "want": "up"})
    volume.profile("coder", intent={"version": 1, "want": "up", "environment": {"A": "b"}})
    tree = boot(before="(exec /usr/bin/python3 tests/integration/hang.py /opt/data by-signal >/run/hang.log 2>&1) & echo $! >/run/hang.pid; "
                       "while ! grep -q hung /run/hang.log; do sleep 0.05; done")
    shown = {service["profile"]: service["state"] for service in tree.call("List")["services"] if service["kind"] == "gateway"}
    assert shown == {"default": "down"}
    assert "volume" in problems(tree)
    with open(tree.path("/run/hang.pid")) as file:
        tree.signal("TERM", int(file.read()))
    tree.wait_state("default", "up")
    wait_until(lambda: any(service["name"] == "gateway-coder" for service in tree.call("List")["services"]), what="the others")
    tree.wait_state("coder", "up")
    wait_until(lambda: os.path.exists(f"{volume.path}/logs/container-boot.log") and volume.boot_log(), what="the boot log")
    assert {line[0] for line in volume.boot_log()} == {"default", "coder"}
    wait_until(lambda: "volume" not in problems(tree), what="health")


def test_a_broker_that_ends_while_the_volume_hangs(boot, volume):
    """Nobody else waits there: a Stop begins neither a gateway nor a logger."""
    volume.profile("coder")
    tree = boot()
    with Hang(tree):
        with tree.connect() as connection:
            connection.send("Stop", {"names": ["gateway-coder"]})
            tree.stop_broker()
    tree.start_broker()
    tree.tainted = False


def test_a_broker_that_ends_while_others_hang(boot, volume):
    """Its threads may wait in the kernel for a lock that another process holds there, which only that one's end ends: as docs/night.md has it."""
    volume.profile("coder")
    tree = boot()
    with Hang(tree):
        order(tree, "Start", "coder")
        wait_until(lambda: any("svcbroker-slot log" in line for line, _, _ in tree.processes().values()), what="a logger that waits")
        with tree.connect() as connection:
            connection.send("Stop", {"names": ["gateway-coder"]})
            tree.run("root", "s6-svc", "-d", "/run/service/svcbrokerd", check=True)
            tree.expected_ends += 1
            wait_until(lambda: "main: ended" in tree.log(), what="the broker has done its own")
            for place in ("gateway-coder", "gateway-coder/log"):
                tree.run("root", "s6-svc", "-dk", f"/run/service/{place}", check=True)
            wait_until(lambda: tree.broker_pid() == 0, what="it is gone")
    tree.start_broker()
    tree.tainted = False


def test_without_a_volume(boot, volume):
    tree = boot("--hermes-home", "/opt/nowhere")
    assert "volume" in problems(tree)
    outcome = order(tree, "Start", "default")
    assert outcome["persisted"] is False and outcome["persist_error"] == os.strerror(2)


def test_a_home_of_a_profile_means_the_root(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "down"})
    tree = boot("--hermes-home", "/opt/data/profiles/coder/")
    assert {service["name"] for service in tree.call("List")["services"]} >= {"gateway-default", "gateway-coder"}


def test_a_volume_that_only_its_owner_may_enter(boot, volume):
    """As NFS with root squashed is to root, or to a root without CAP_DAC_OVERRIDE."""
    volume.profile("coder", {"gateway_state": "running"}, **{"gateway_pid": "1\n"})
    tree = boot(before="chmod 700 /opt/data /opt/data/profiles /opt/data/profiles/coder")
    tree.wait_state("coder", "up")
    assert order(tree, "Stop", "coder", wait="down")["persisted"] is True
    assert volume.intent("coder")["want"] == "down"
    assert problems(tree) == ""


def test_what_may_wait_for_the_volume_is_bounded(boot, volume):
    tree = boot()
    environment = {f"V{number}": "x" * 4000 for number in range(8)}
    with tree.connect("root") as connection:
        for number in range(100):
            connection.send("Register", {"profile": f"p{number}", "environment": environment, "start": False})
            assert connection.result()["persisted"] is True
    with Hang(tree):
        connections = [tree.connect("root") for _ in range(4)]
        with at_once(tree):
            for connection in connections:
                connection.send("Stop", {"all": True})
        said = {outcome["persist_error"] for connection in connections for outcome in connection.result()["outcomes"]}
        assert said - {"a newer order took its place"} == {"the volume does not answer", "too much is waiting to be written to the volume"}
        for connection in connections:
            connection.close()
        assert "101 gateways" in problems(tree)
    # More than fit into one batch, or into what may wait: they get there all the same.
    wait_until(lambda: problems(tree) == "", what="all records on the volume")


def fill(tree, most):
    """Gateways with as many variables as one may have: their names."""
    environment = {f"V{number}": "x" * 4090 for number in range(8)}
    with tree.connect("root") as connection:
        for number in range(most):
            connection.send("Register", {"profile": f"p{number:02}", "environment": environment, "start": False})
            assert connection.result()["persisted"] is True
    return [f"gateway-p{number:02}" for number in range(most)]


def test_what_others_wait_for_is_not_roots(boot, volume):
    """Hermes lets as much wait for the volume as may: root's order waits for the volume all the same, and is not refused."""
    tree = boot()
    names = fill(tree, 64)
    with Hang(tree):
        connections = [tree.connect() for _ in range(32)]
        with at_once(tree):
            for number, connection in enumerate(connections):
                connection.send("Stop", {"names": names[2 * number:2 * number + 2][:63 - 2 * number]})
        with pytest.raises(TimeoutError):
            connections[0].receive(0.5)
        outcome = tree.call("Stop", "root", names=["gateway-p63"])["outcomes"][0]
        assert outcome["persist_error"] == "the volume does not answer"
        for connection in connections:
            connection.close()


def test_an_order_alone_is_never_too_much(boot, volume):
    """However much the variables of all are: it is written batch by batch."""
    tree = boot()
    names = fill(tree, 80)
    with Hang(tree):
        outcomes = tree.call("Stop", "root", names=names)["outcomes"]
    assert {outcome["persist_error"] for outcome in outcomes} == {"the volume does not answer"}


def test_an_older_order_of_the_same_kind(boot, volume):
    """It comes to a gateway whose newer record is on its way already: it says so, and writes nothing behind that one's back."""
    tree = boot()
    names = fill(tree, 80)
    with Hang(tree), tree.connect() as older:
        older.send("Stop", {"names": names})
        with pytest.raises(TimeoutError):
            older.receive(0.5)  # it waits for the volume, half-way
        assert tree.call("Stop", "root", names=names[-1:])["outcomes"][0]["persist_error"] == "the volume does not answer"
        assert older.result()["outcomes"][-1]["persist_error"] == "a newer order took its place"
