# SPDX-License-Identifier: ISC
"""Boot: what the volume says is wanted comes back, and nothing else; readiness, order, boot log, what spoils a profile."""

import json
import os
import re
import subprocess

import pytest

from tree import TOP, wait_until
from volume import UID

STATES = ["running", "draining", "degraded", "starting", "startup_failed", "stopped", "nonsense"]


def again(tree):
    """The container ends, from one instant to the next, and starts anew on the same volume."""
    tree.kill()
    tree.expected_ends = 0
    tree.boot()


def states(tree):
    return {service["profile"]: (service["state"], service["want"])
            for service in tree.call("List")["services"] if service["kind"] == "gateway"}


def wait_states(tree, **wanted):
    wait_until(lambda: {name: state[0] for name, state in states(tree).items()} == wanted, what=f"{wanted}, not {states(tree)}")


def test_an_empty_volume(boot, volume):
    tree = boot()
    assert states(tree) == {"default": ("down", "down")}
    assert volume.boot_log() == [("default", "None", "registered")]
    assert not os.path.exists(f"{volume.path}/.svcbroker/intent/default"), "nobody has said what is wanted"
    assert tree.call("Health")["healthy"] is True


def test_every_prior_state(boot, volume):
    for state in STATES:
        volume.profile(f"s-{state.replace('_', '-')}", {"gateway_state": state})
        volume.profile(f"up-{state.replace('_', '-')}", {"gateway_state": state, "desired_state": "running"})
        volume.profile(f"down-{state.replace('_', '-')}", {"gateway_state": state, "desired_state": "stopped"})
        volume.profile(f"i-{state.replace('_', '-')}", {"gateway_state": state}, {"version": 1, "want": "up"})
        volume.profile(f"d-{state.replace('_', '-')}", {"gateway_state": state}, {"version": 1, "want": "down"})
    volume.profile("fresh")
    tree = boot()
    expected = {"default": "down", "fresh": "down"}
    for state in STATES:
        name = state.replace("_", "-")
        expected.update({f"s-{name}": "up" if state in ("running", "draining", "degraded") else "down", f"up-{name}": "up",
                         f"down-{name}": "down", f"i-{name}": "up", f"d-{name}": "down"})
    assert {name: want for name, (_, want) in states(tree).items()} == expected
    wait_until(lambda: {name: state for name, (state, _) in states(tree).items()} == expected, what="all that are wanted are up")
    log = volume.boot_log()
    assert [name for name, _, _ in log] == ["default"] + sorted(set(expected) - {"default"})
    for name, prior, action in log:
        assert action == ("started" if expected[name] == "up" else "registered")
        assert prior == ("None" if name in ("default", "fresh") else name.partition("-")[2].replace("-", "_"))
    # From here on it is the broker's own record that says so.
    wait_until(lambda: os.path.exists(f"{volume.path}/.svcbroker/intent/s-running"), what="the record of a fallback")
    assert volume.intent("s-running") == {"version": 1, "want": "up"}


def test_a_container_restart_is_invisible(boot, volume):
    for name in ("runs", "stops"):
        volume.profile(name)
    tree = boot()
    environment = {"GATEWAY_TEST": "environment", "EMPTY": "", "QUOTED": "a 'b' \"c\" \\ ü"}
    tree.call("Register", profile="runs", environment=environment)
    outcomes = tree.call("Start", names=["gateway-runs", "gateway-stops", "gateway-default"], wait="up")["outcomes"]
    assert all(outcome["persisted"] is True for outcome in outcomes), outcomes
    assert tree.call("Stop", names=["gateway-stops"], wait="down")["outcomes"][0]["persisted"] is True
    assert volume.intent("runs") == {"version": 1, "want": "up", "environment": environment}
    assert os.stat(f"{volume.path}/.svcbroker/intent/runs").st_mode & 0o7777 == 0o600
    assert os.stat(f"{volume.path}/.svcbroker/intent/runs").st_uid == UID
    volume.write("gateway.pid", "1\n")
    volume.write("profiles/runs/gateway.pid", "1\n")
    volume.write("profiles/runs/processes.json", "{}")
    volume.write("profiles/runs/other.json", "{}")
    for _ in range(2):
        again(tree)
        wait_states(tree, runs="up", stops="down", default="up")
        assert not os.path.exists(f"{volume.path}/gateway.pid") and not os.path.exists(f"{volume.path}/profiles/runs/gateway.pid")
        assert not os.path.exists(f"{volume.path}/profiles/runs/processes.json")
        assert os.path.exists(f"{volume.path}/profiles/runs/other.json"), "nothing else of the profile's is touched"
        tree.wait_gateway("runs")
        tree.wait_gateway_log("runs", *(f"environment {name}={value!r}" for name, value in environment.items()))
    assert len(volume.boot_log(9)) == 9


def test_a_broker_restart_touches_nothing(boot, volume):
    for name in ("runs", "stops"):
        volume.profile(name, intent={"version": 1, "want": "up" if name == "runs" else "down"})
    tree = boot()
    wait_states(tree, runs="up", stops="down", default="down")
    pid = tree.wait_gateway("runs")
    volume.write("profiles/runs/gateway.pid", f"{pid}\n")
    before = volume.read("logs/container-boot.log")
    # Whatever becomes of the volume's record meanwhile: the slot is live, and its own.
    volume.profile("runs", intent={"version": 1, "want": "down"})
    volume.profile("later")
    tree.kill_broker()
    wait_states(tree, runs="up", stops="down", default="down", later="down")
    assert tree.status("runs").pid == pid and os.path.exists(f"{volume.path}/profiles/runs/gateway.pid")
    assert volume.read("logs/container-boot.log") == before, "it is the container's boot that it tells of"


def test_a_stop_leaves_its_marker_and_a_restart_does_not(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    tree = boot()
    pid = tree.wait_gateway("coder")
    tree.call("Restart", names=["gateway-coder"], wait="up")
    assert not os.path.exists(f"{volume.path}/profiles/coder/.gateway-planned-stop.json")
    assert json.loads(volume.read("profiles/coder/gateway_state.json"))["gateway_state"] == "running"
    again_pid = tree.wait_gateway("coder")
    assert again_pid != pid
    with open(tree.path(f"/proc/{again_pid}/stat")) as file:
        start = int(file.read().rpartition(")")[2].split()[19])
    service = tree.call("Stop", names=["gateway-coder"], wait="down")["outcomes"][0]["service"]
    assert service["last_exit"]["code"] == 0, "a gateway that finds its marker ends with 0"
    marker = json.loads(volume.read("profiles/coder/.gateway-planned-stop.json"))
    assert marker["target_pid"] == again_pid and marker["target_start_time"] == start
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", marker["written_at"]) and marker["stopper_pid"] == tree.broker_pid()
    assert json.loads(volume.read("profiles/coder/gateway_state.json"))["gateway_state"] == "stopped"


def test_the_default_profile_marker_is_at_the_top(boot, volume):
    volume.profile("default", intent={"version": 1, "want": "up"})
    tree = boot()
    tree.wait_gateway("default")
    assert tree.call("Stop", names=["gateway-default"], wait="down")["outcomes"][0]["service"]["last_exit"]["code"] == 0
    assert os.path.exists(f"{volume.path}/.gateway-planned-stop.json")


def test_start_registers_a_profile_that_exists(boot, volume):
    tree = boot()
    volume.profile("new", intent={"version": 1, "want": "down", "environment": {"GATEWAY_TEST": "environment", "MINE": "yes"}})
    volume.directory("profiles/empty")
    outcomes = tree.call("Start", names=["gateway-new", "gateway-none", "gateway-empty"], wait="up")["outcomes"]
    by_name = {outcome["name"]: outcome for outcome in outcomes}
    assert by_name["gateway-new"]["service"]["state"] == "up" and by_name["gateway-new"]["persisted"] is True
    assert by_name["gateway-none"]["error"] == "io.svcbroker.NotRegistered" and by_name["gateway-none"]["persisted"] is False
    assert by_name["gateway-empty"]["error"] == "io.svcbroker.NotRegistered", "a profile has a SOUL.md"
    tree.wait_gateway("new")
    tree.wait_gateway_log("new", "environment MINE='yes'")
    assert volume.intent("new")["want"] == "up"


def test_unregister_forgets(boot, volume):
    volume.profile("coder", {"gateway_state": "stopped"}, {"version": 1, "want": "up"})
    tree = boot()
    tree.wait_gateway("coder")
    assert tree.call("Unregister", profile="coder") == {"removed": True, "persisted": True}
    tree.assert_absent("coder")
    assert not os.path.exists(f"{volume.path}/.svcbroker/intent/coder")
    assert json.loads(volume.read("profiles/coder/gateway_state.json"))["gateway_state"] == "stopped", "a stop that was planned"
    again(tree)
    assert states(tree)["coder"] == ("down", "down")


def test_reconcile(boot, volume):
    """The broker sees new profiles by itself, after a second at least: on a busy machine it may be first, and then it is others' turn."""
    tree = boot()
    volume.directory("profiles/Bad Name")
    tree.call("Register", profile="runs")

    def actions(**parameters):
        return {(action["profile"], action["action"]) for action in tree.call("Reconcile", **parameters)["actions"]}

    def is_first(one, two, gone):
        volume.profile(gone)
        tree.call("Register", profile=gone, start=False)
        volume.profile(one, {"gateway_state": "running"})
        volume.profile(two)
        subprocess.run(["rm", "-r", f"{volume.path}/profiles/{gone}"], check=True)
        expected = {("default", "kept"), (one, "started"), (two, "registered"), ("Bad Name", "skipped"), (gone, "removed")}
        for dry_run in (True, True, False):
            said = actions(dry_run=dry_run)
            if said & {(one, "kept"), (two, "kept")}:
                tree.call("Unregister", profile=gone)
                for name in (one, two):
                    subprocess.run(["rm", "-r", f"{volume.path}/profiles/{name}"], check=True)
                    tree.call("Unregister", profile=name)
                return False
            assert said == expected
            there = set(states(tree))
            assert not dry_run or there & {one, two} or there == {"default", gone, "runs"}, "only said"
        wait_until(lambda: set(states(tree)) == {"default", one, two, "runs"}, what="the one that is gone to be removed")
        tree.wait_state(one, "up")
        assert states(tree)["runs"][1] == "up", "what runs is never touched, directory or not"
        assert actions() == {("default", "kept"), (one, "kept"), (two, "kept"), ("Bad Name", "skipped")}
        return True

    assert any(is_first(f"one{i}", f"two{i}", f"gone{i}") for i in range(20))
    assert len(volume.boot_log()) == 1


def test_the_command_of_the_container(boot, volume):
    tree = boot("--bootstrap")
    wait_states(tree, default="up")
    wait_until(lambda: os.path.exists(f"{volume.path}/.svcbroker/intent/default"), what="its record")
    tree.call("Stop", names=["gateway-default"], wait="down")
    again(tree)
    assert states(tree) == {"default": ("down", "down")}, "what a person said is state"


def test_multiplexing_holds_the_others(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    volume.profile("writer", intent={"version": 1, "want": "down"})
    volume.profile("default", intent={"version": 1, "want": "up"})
    tree = boot("--multiplex")
    wait_states(tree, default="up", coder="held", writer="down")
    outcome = tree.call("Start", names=["gateway-coder", "gateway-writer"])["outcomes"]
    assert {entry["error"] for entry in outcome} == {"io.svcbroker.Held"}
    assert "MULTIPLEX" in tree.state("coder")["reason"]
    assert tree.call("Register", profile="third")["service"]["state"] == "held"
    assert volume.intent("coder")["want"] == "up"


def test_two_containers_on_one_volume(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    volume.profile("default", intent={"version": 1, "want": "up"})
    first = boot()
    wait_states(first, coder="up", default="up")
    volume.write("profiles/coder/gateway.pid", "its own\n")
    pid = first.wait_gateway("coder")
    second = boot()
    wait_states(second, coder="held", default="held")
    assert "elsewhere" in second.state("coder")["reason"]
    assert os.path.exists(f"{volume.path}/profiles/coder/gateway.pid"), "the other's, and it runs"
    assert first.status("coder").pid == pid
    first.kill()
    wait_states(second, coder="up", default="up")
    first.boot()
    wait_states(first, coder="held", default="held")
    second.call("Stop", names=["gateway-coder"], wait="down")
    wait_states(first, coder="up", default="held")


def test_starts_are_staggered(boot, volume):
    for number in range(12):
        volume.profile(f"p{number:02}", intent={"version": 1, "want": "up"})
    tree = boot("--start-at-once", "3", "--settle-msec", "1000")
    assert set(state for _, (_, state) in states(tree).items()) == {"up", "down"}
    most = 0

    def all_up():
        nonlocal most
        now = [tree.status(f"p{number:02}") for number in range(12)]
        shown = states(tree)
        most = max(most, sum(status.pid != 0 and shown[f"p{number:02}"][0] != "up" for number, status in enumerate(now)))
        return all(shown[f"p{number:02}"][0] == "up" for number in range(12))
    wait_until(all_up, what="all up")
    assert 1 <= most <= 3
    log = tree.log()
    assert log.index("main: ready") >= 0


@pytest.mark.parametrize("count", [0, 1, 200])
def test_boots_of_many(boot, volume, count):
    for number in range(count):
        volume.profile(f"p{number:03}", intent={"version": 1, "want": "up" if number < 5 else "down"})
    tree = boot()
    assert len(states(tree)) == count + 1
    assert len(volume.boot_log()) == count + 1
    for number in range(min(count, 5)):
        tree.wait_state(f"p{number:03}", "up")


def test_the_boot_log_rotates(boot, volume):
    volume.write("logs/container-boot.log", "x" * 255 + "\n" + "y" * (256 * 1024))
    boot()
    assert len(volume.boot_log()) == 1
    assert volume.read("logs/container-boot.log.1").startswith("x" * 255)


POISON = {
    "intent-link": lambda volume, name: poison_link(volume, f".svcbroker/intent/{name}"),
    "intent-fifo": lambda volume, name: poison_fifo(volume, f".svcbroker/intent/{name}"),
    "intent-directory": lambda volume, name: volume.directory(f".svcbroker/intent/{name}"),
    "intent-huge": lambda volume, name: volume.write(f".svcbroker/intent/{name}", '{"version":1,"want":"up","x":"' + "x" * 70000 + '"}'),
    "intent-invalid": lambda volume, name: volume.write(f".svcbroker/intent/{name}", '{"version":1,"want":"up"'),
    "intent-nul": lambda volume, name: volume.write(f".svcbroker/intent/{name}", b'{"version":1,"want":"up"}\0'),
    "intent-version": lambda volume, name: volume.write(f".svcbroker/intent/{name}", '{"version":0,"want":"up"}'),
    "intent-environment": lambda volume, name: volume.write(
        f".svcbroker/intent/{name}", '{"version":1,"want":"up","environment":{"HOME":"/tmp"}}'),
    "intent-unreadable": lambda volume, name: os.chown(poison_mode(volume, f".svcbroker/intent/{name}"), 0, 0),
    "state-link": lambda volume, name: poison_link(volume, f"profiles/{name}/gateway_state.json"),
    "state-fifo": lambda volume, name: poison_fifo(volume, f"profiles/{name}/gateway_state.json"),
    "state-huge": lambda volume, name: volume.write(f"profiles/{name}/gateway_state.json", "[" * 70000),
    "state-invalid": lambda volume, name: volume.write(f"profiles/{name}/gateway_state.json", '{"gateway_state":"running"'),
    "state-list": lambda volume, name: volume.write(f"profiles/{name}/gateway_state.json", '["running"]'),
    "state-duplicate": lambda volume, name: volume.write(
        f"profiles/{name}/gateway_state.json", '{"gateway_state":"running","gateway_state":"running"}'),
    "lock-link": lambda volume, name: poison_link(volume, f".svcbroker/lock/{name}"),
    "lock-fifo": lambda volume, name: poison_fifo(volume, f".svcbroker/lock/{name}"),
    "pid-link": lambda volume, name: poison_link(volume, f"profiles/{name}/gateway.pid"),
    "pid-directory": lambda volume, name: volume.directory(f"profiles/{name}/gateway.pid"),
}


def poison_link(volume, path):
    volume.directory(os.path.dirname(path))
    os.symlink("/etc/passwd", f"{volume.path}/{path}")


def poison_fifo(volume, path):
    volume.directory(os.path.dirname(path))
    os.mkfifo(f"{volume.path}/{path}")
    os.chown(f"{volume.path}/{path}", UID, UID)


def poison_mode(volume, path):
    volume.write(path, '{"version":1,"want":"up"}')
    os.chmod(f"{volume.path}/{path}", 0o600)
    return f"{volume.path}/{path}"


def test_one_poisoned_profile_of_each_kind_among_good_ones(boot, volume):
    good = [f"good{number:02}" for number in range(50)]
    for number, name in enumerate(good):
        volume.profile(name, intent={"version": 1, "want": "up" if number < 3 else "down"})
    for name, spoil in POISON.items():
        volume.profile(name)
        spoil(volume, name)
    os.symlink("/etc", f"{volume.path}/profiles/linked")
    volume.directory("profiles/default")
    volume.write("profiles/default/SOUL.md", "not I")
    volume.write("profiles/UPPER/SOUL.md", "")
    volume.write("profiles/new\nline/SOUL.md", "")
    volume.write("profiles/" + "x" * 244 + "/SOUL.md", "")
    passwd = open("/etc/passwd").read()
    tree = boot()
    shown = states(tree)
    assert set(shown) == {"default", *good, *POISON}
    for number, name in enumerate(good):
        assert shown[name][1] == ("up" if number < 3 else "down")
    for name in POISON:
        expected = "held" if name.startswith("intent") else "down"
        assert shown[name][0] == expected, (name, shown[name])
    for number in range(3):
        tree.wait_state(good[number], "up")
    health = tree.call("Health")
    assert sum("cannot be read" in problem for problem in health["problems"]) == sum(name.startswith("intent") for name in POISON)
    assert open("/etc/passwd").read() == passwd
    # A person's start mends what it can.
    outcome = tree.call("Start", names=["gateway-intent-invalid"], wait="up")["outcomes"][0]
    assert outcome["persisted"] is True and volume.intent("intent-invalid") == {"version": 1, "want": "up"}
    skipped = {action["profile"] for action in tree.call("Reconcile", dry_run=True)["actions"] if action["action"] == "skipped"}
    assert {"default", "UPPER", "new\nline", "x" * 244, "linked"} == skipped


def test_a_leased_record(boot, volume):
    """A lease makes an open wait for up to 45 s: not this one."""
    volume.profile("leased", intent={"version": 1, "want": "up"})
    volume.profile("other", intent={"version": 1, "want": "up"})
    holder = subprocess.Popen(["/usr/bin/python3", "-c", """
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("leased", flush=True)
sys.stdin.read()
""", f"{volume.path}/.svcbroker/intent/leased"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"leased\n"
        tree = boot()
        assert states(tree)["leased"][0] == "held"
        tree.wait_state("other", "up")
    finally:
        holder.stdin.close()
        holder.wait()


def container(command=(), **environment):
    """What s6-overlay leaves of the container's command and environment, for TREE_BEFORE."""
    lines = ["mkdir -p /run/s6/basedir/scripts /run/s6/container_environment"]
    for name, value in environment.items():
        lines.append(f"printf '%s' '{value}' >/run/s6/container_environment/{name}")
    if command:
        words = " ".join(f"'{word}'" for word in command)
        lines += ["echo ': >/run/rc.init-began; while :; do sleep 1000; done' >/run/s6/basedir/scripts/rc.init",
                  f"/bin/sh -e /run/s6/basedir/scripts/rc.init top {words} >/dev/null 2>&1 &",
                  "until [ -e /run/rc.init-began ]; do sleep 0.01; done"]
    return "\n".join(lines)


@pytest.mark.parametrize("command, environment, expected", [
    ((), {}, {"default": "down"}),
    (("gateway", "run"), {}, {"default": "up"}),
    (("/opt/hermes/docker/main-wrapper.sh", "gateway", "run", "-v"), {}, {"default": "up"}),
    (("hermes", "gateway", "run"), {}, {"default": "up"}),
    (("gateway", "run", "--no-supervise"), {}, {"default": "down"}),
    (("gateway", "run"), {"HERMES_GATEWAY_NO_SUPERVISE": "1"}, {"default": "down"}),
    (("gateway", "run"), {"HERMES_GATEWAY_NO_SUPERVISE": "True"}, {"default": "down"}),
    (("gateway", "run"), {"HERMES_GATEWAY_NO_SUPERVISE": "False"}, {"default": "up"}),
    (("gateway", "run"), {"HERMES_GATEWAY_NO_SUPERVISE": "off"}, {"default": "up"}),
    (("gateway", "status"), {}, {"default": "down"}),
    (("chat", "-q", "gateway run"), {}, {"default": "down"}),
    ((), {"HERMES_GATEWAY_BOOTSTRAP_STATE": "running"}, {"default": "up"}),
    ((), {"HERMES_GATEWAY_BOOTSTRAP_STATE": "stopped"}, {"default": "down"}),
    (("dashboard",), {}, {}),
    (("/opt/hermes/docker/main-wrapper.sh", "dashboard", "--host", "0.0.0.0"), {}, {}),
    (("gateway", "run"), {"GATEWAY_MULTIPLEX_PROFILES": "true"}, {"default": "up", "HELD": "held"}),
])
def test_what_the_container_was_started_with(boot, volume, command, environment, expected):
    if "HELD" in expected:
        volume.profile("coder", {"gateway_state": "running"})
        expected = {"default": "up", "coder": "held"}
    tree = boot(before=container(command, **environment))
    wait_states(tree, **expected)
    assert os.path.exists(f"{volume.path}/logs/container-boot.log") == bool(expected)


def test_profiles_behind_the_bound_are_told_of(boot, volume):
    """SURVEY_PROFILES directories are looked at. That there are more is said by the log, Reconcile, Health and Diagnose."""
    with open(f"{TOP}/daemon/bounds.h") as file:
        most = int(re.search(r"#define SURVEY_PROFILES (\d+)", file.read())[1])
    for number in range(most):
        os.makedirs(f"{volume.path}/profiles/a{number:05}")
    volume.profile("behind")
    tree = boot()
    behind = f"more than {most} directories"
    assert "reconcile: too many directories: name=profiles/" in tree.log()
    assert [line for line in tree.call("Health", "root")["problems"] if behind in line]
    (skipped,) = [action for action in tree.call("Reconcile", "root")["actions"] if action["action"] == "skipped"]
    assert skipped["profile"] == "profiles/" and behind in skipped["message"]
    assert [check for check in tree.call("Diagnose", "root")["checks"] if check["name"] == "profiles" and behind in check["detail"]]
    assert "behind" not in states(tree)
    os.rmdir(f"{volume.path}/profiles/a00007")
    # The broker may see by itself that there is room, before it is asked.
    (behind,) = [action["action"] for action in tree.call("Reconcile", "root")["actions"] if action["profile"] == "behind"]
    assert behind in ("registered", "kept") and "behind" in states(tree)
    assert tree.call("Health", "root")["healthy"]


def test_what_has_no_place_at_boot_is_told_and_tried_again(boot, volume):
    """How many of how many, and why: in Health and Diagnose, until there is a place. Nobody has to ask, and what a person took away
    meanwhile does not come back by it."""
    for name in ("a", "b", "c", "d"):
        volume.profile(name)
    tree = boot("--services-max", "9", services_max=9)  # svcbrokerd's own, and four of two each
    missing = "1 of 5 profiles has no gateway yet: s6-svscan takes no more services: the broker tries again"
    health = tree.call("Health")
    assert health["healthy"] is False and missing in health["problems"], health
    checks = {check["name"]: check for check in tree.call("Diagnose")["checks"]}
    assert checks["boot"]["verdict"] == "failure" and checks["boot"]["detail"].startswith("1 of 5 profiles has no gateway yet"), checks["boot"]
    assert missing in tree.run("hermes", "svcctl", "health").stdout
    assert set(states(tree)) == {"default", "a", "b", "c"}
    tree.call("Unregister", profile="a")
    wait_until(lambda: set(states(tree)) == {"default", "b", "c", "d"}, 60, "the one that had no place")
    wait_until(lambda: tree.call("Health")["healthy"], 60, "nothing is missing")
    wait_until(tree.is_booted, 60, "nothing is to come")
    checks = {check["name"]: check for check in tree.call("Diagnose")["checks"]}
    assert checks["boot"]["verdict"] == "ok"
