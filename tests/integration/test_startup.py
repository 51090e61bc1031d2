# SPDX-License-Identifier: ISC
"""Configuration errors: exit 78, one line that names the thing and the remedy, and no loop. And how the broker ends. What passes by
itself is in test_start_again.py."""

import os
import stat

import pytest

import s6
from tree import BROKER, SOCKET, wait_until
from varlink import Closed

TEMPLATE = "/usr/local/share/svcbroker/gateway"


@pytest.fixture
def spoilt(make_tree):
    """A tree whose broker is down, to spoil something before running it by hand."""
    tree = make_tree()
    tree.stop_broker()
    tree.expected_ends += 1  # stop_broker at the end finds it down
    tree.tainted = True
    return tree


def run_broker(tree, *options):
    return tree.run("root", "timeout", "120", "/usr/local/sbin/svcbrokerd", *options)


HELD = "flock {0} sleep 1000 >/dev/null 2>&1 & while flock -n {0} true; do sleep 0.02; done"
CASES = [
    ("", ["--client-user", "nosuchuser"], "nosuchuser", "--client-user"),
    ("", ["--client-user", "root"], "root", "--client-user"),
    ("", ["--observer-group", "nosuchgroup"], "nosuchgroup", "--observer-group"),
    ("", ["--template", "/nonexistent"], "/nonexistent", "--template"),
    ("mkdir /opt/empty", ["--template", "/opt/empty"], "/opt/empty", ""),
    ("", ["--scandir", "/nonexistent"], "/nonexistent", "--scandir"),
    ("chmod 666 /run/svcbroker/io.svcbroker.lock; " + HELD.format("/run/svcbroker/io.svcbroker.lock"), [],
     "/run/svcbroker/io.svcbroker", "fuser"),
    ("chmod 666 /run/svcbroker/services.lock; " + HELD.format("/run/svcbroker/services.lock"), [],
     "/run/svcbroker/services.lock", "fuser"),
    ("", ["--socket", "/nonexistent/deep/socket"], "/nonexistent/deep", "--socket"),
    ("", ["--socket", "/opt/" + "x" * 120 + "/socket"], "socket", ""),
    ("touch /run/svcbroker/file", ["--socket", "/run/svcbroker/file"], "/run/svcbroker/file", ""),
    ("", ["--services", "/nonexistent/deep"], "/nonexistent/deep", "--services"),
    (f"chmod o+w {TEMPLATE}", [], TEMPLATE, "chmod"),
    (f"chmod o+w {TEMPLATE}/run", [], f"{TEMPLATE}/run", "chmod"),
    (f"chown hermes {TEMPLATE}/log/run", [], f"{TEMPLATE}/log/run", "root's"),
    (f"ln -s /opt/data/x {TEMPLATE}/link", [], TEMPLATE, ""),
    ("chmod o+w /usr/local/share", [], "/usr/local/share", "chmod"),
    ("chmod 777 /run/svcbroker", [], "/run/svcbroker", "chmod"),
    ("chown hermes /run/svcbroker", [], "/run/svcbroker", "root's"),
    ("chmod 777 /run/svcbroker/services", [], "/run/svcbroker/services", "chmod"),
    ("chmod o+w /run/svcbroker/services", [], "/run/svcbroker/services", "chmod"),
    ("chgrp hermes /run/svcbroker/services; chmod g+w /run/svcbroker/services", [], "/run/svcbroker/services", "chmod"),
    ("chown hermes /run/svcbroker/services", [], "/run/svcbroker/services", "root's"),
    ("chgrp hermes /run/service; chmod g+w /run/service", [], "/run/service", "chmod"),
    ("chown hermes /run/service", [], "/run/service", "root's"),
    ("chmod 777 /usr/local/sbin/svcbrokerd", [], "svcbrokerd", "chmod"),
    ("chmod 777 /usr/local/sbin", [], "/usr/local/sbin", "chmod"),
    ("chmod 777 /run", [], "/run", "chmod"),
    ("", ["--nonsense"], "--nonsense", ""),
    ("", ["--settle-msec", "soon"], "settle-msec", ""),
    ("", ["--settle-msec", "-1"], "settle-msec", ""),
    ("", ["--backoff-first-msec", "0"], "backoff-first-msec", ""),
    ("", ["--backoff-most-msec", "86400001"], "backoff-most-msec", ""),
    ("", ["--backoff-healthy-msec", "10m"], "backoff-healthy-msec", ""),
    ("", ["--backoff-first-msec", "300001"], "backoff-first-msec", "--backoff-most-msec"),
    ("", ["--elsewhere-look-msec", "0"], "elsewhere-look-msec", ""),
    (f"sed -i s/^brake_seconds=.*/brake_seconds=0/ {TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "brake_seconds"),
    (f"sed -i s/^brake_deaths=.*/brake_deaths=100/ {TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "brake_deaths"),
    (f"sed -i s/^brake_deaths=.*/brake_deaths=five/ {TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "brake_deaths"),
    (f"sed -i /^brake_restarts=/d {TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "brake_restarts"),
    (f"sed -i s/^log_files=.*/log_files=many/ {TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "log_files"),
    (f"sed -i s/^log_file_bytes=.*/log_file_bytes=1/ {TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "log_file_bytes"),
    (f"echo export X=1 >>{TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "NAME=VALUE"),
    (f"echo 's6=${{S6}}' >>{TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "NAME=VALUE"),
    (f"sed -i /^venv=/d {TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "none missing"),
    (f"echo '  brake_deaths=0' >>{TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "brake_deaths"),
    (f"/usr/bin/printf '#%016400d\\n' 0 >>{TEMPLATE}/settings", [], f"{TEMPLATE}/settings", "16384"),
    ("", ["--watchdog-msec", "99"], "watchdog-msec", ""),
    ("", ["--process-msec", "0"], "process-msec", ""),
    ("", ["--ready-msec", "30s"], "ready-msec", ""),
    ("", ["--ending-msec", "86400001"], "ending-msec", ""),
    ("", ["--services-max", "1e3"], "services-max", ""),
    ("", ["--services-max", ""], "services-max", ""),
    ("", ["--memory-percent", "101"], "memory-percent", ""),
    ("", ["--memory-percent", "90%"], "memory-percent", ""),
    ("", ["--failed-starts", "0"], "failed-starts", ""),
    ("", ["--notification-fd", "99"], "notification-fd", ""),
    ("", ["argument"], "argument", ""),
]


@pytest.mark.parametrize("command,options,thing,remedy", CASES, ids=[f"{c[0]} {' '.join(c[1])[:40]}".strip() for c in CASES])
def test_configuration_errors(spoilt, command, options, thing, remedy):
    if command:
        spoilt.run("root", "sh", "-c", command, check=True)
    result = run_broker(spoilt, *options)
    assert result.returncode == 78, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and result.stdout == "", result.stderr
    assert "svcbrokerd: " in lines[0] and thing in lines[0] and remedy in lines[0], lines[0]
    assert not os.path.exists(spoilt.path(SOCKET)) or stat.S_ISSOCK(os.lstat(spoilt.path(SOCKET)).st_mode)


def test_under_s6_it_does_not_loop(make_tree):
    tree = make_tree("--client-user", "nosuchuser", boot=False)
    tree.boot(ready=False)
    wait_until(tree.broker_failed, what="s6 giving up on it")
    tree.expected_ends += 1
    assert s6.count_deaths(tree.path(BROKER)) == 1
    log = tree.log().splitlines()
    assert len([line for line in log if line.startswith("svcbrokerd:")]) == 2, log
    assert "not started again" in log[-1]


def test_crash_under_s6_is_restarted(make_tree):
    tree = make_tree()
    tree.register("a")
    pid = tree.wait_state("a", "up")["pid"]
    tree.kill_broker("ABRT")
    assert tree.state("a")["pid"] == pid, "nobody is disturbed"


def test_second_broker_is_refused_without_harm(make_tree):
    tree = make_tree()
    tree.register("a")
    tree.wait_state("a", "up")
    inode = os.lstat(tree.path(SOCKET)).st_ino
    with tree.connect() as connection:
        result = run_broker(tree)
        assert result.returncode == 75 and SOCKET in result.stderr and len(result.stderr.splitlines()) == 1
        assert connection.call("Status", name="gateway-a")["service"]["state"] == "up", "its connections live on"
    assert os.lstat(tree.path(SOCKET)).st_ino == inode
    assert tree.state("a")["state"] == "up"
    assert tree.register("b", start=False)["created"] is True


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_services_that_others_can_write_stay_as_they_are(spoilt, mode):
    """What was planted there meanwhile would look like ours, were it only closed."""
    services = spoilt.path("/run/svcbroker/services")
    os.chmod(services, mode)
    os.mkdir(f"{services}/gateway-planted")
    result = run_broker(spoilt)
    assert result.returncode == 78 and len(result.stderr.splitlines()) == 1, result.stderr
    assert stat.S_IMODE(os.stat(services).st_mode) == mode
    assert set(os.listdir(services)) - {".svcbroker-slot"} == {"gateway-planted"} and not os.path.lexists(spoilt.path("/run/service/gateway-planted"))


def test_stale_socket_is_no_obstacle(make_tree):
    tree = make_tree()
    tree.kill_broker("KILL")
    tree.call("Health")


def test_version_and_help(tree):
    for option, word in (("--version", "0."), ("--help", "Usage:")):
        result = tree.run("hermes", "/usr/local/sbin/svcbrokerd", option)
        assert result.returncode == 0 and word in result.stdout and result.stderr == ""


def test_sighup_changes_nothing(make_tree):
    tree = make_tree()
    pid = tree.broker_pid()
    with tree.connect() as connection:
        tree.signal("HUP", pid)
        tree.signal("HUP", pid)
        assert connection.call("Health")["healthy"] is True
    assert tree.broker_pid() == pid


def test_sigterm_drains(make_tree):
    """Who has an answer coming gets it, who waits is let go, and the gateways run on."""
    tree = make_tree()
    tree.register("a", "drain:600")
    pid = tree.wait_gateway("a")
    with tree.connect() as waiting, tree.connect() as idle:
        idle.call("Health")
        waiting.send("Stop", {"names": ["gateway-a"], "wait": "down", "timeout_msec": 600000})
        tree.wait_state("a", "stopping")
        tree.stop_broker()
        with pytest.raises(Closed):
            while True:
                waiting.receive()
        assert idle.is_closed()
    assert pid in tree.processes()
    status = s6.read_status(tree.path(BROKER))
    assert os.waitstatus_to_exitcode(status.wait_status) == 0
    tree.start_broker()
    assert tree.state("a")["state"] == "stopping" and tree.state("a")["want"] == "down"
    tree.call("Health")
    assert pid in tree.processes(), "it was told once, and drains"
    assert tree.gateway_log("a").count("SIGTERM") == 0
    tree.signal("KILL", pid)
    tree.wait_state("a", "down")


def test_restart_adopts_and_disturbs_nobody(make_tree):
    tree = make_tree()
    for index in range(20):
        tree.register(f"a{index}", start=index % 2 == 0)
    before = {f"a{index}": tree.wait_state(f"a{index}", "up" if index % 2 == 0 else "down") for index in range(20)}
    for end in ("TERM", "KILL"):
        if end == "TERM":
            tree.stop_broker()
            tree.start_broker()
        else:
            tree.kill_broker()
        for profile, service in before.items():
            after = tree.state(profile)
            assert {k: after.get(k) for k in ("state", "want", "pid", "since_usec", "restarts")} == \
                {k: service.get(k) for k in ("state", "want", "pid", "since_usec", "restarts")}


def test_orders_while_it_was_away_are_obeyed(make_tree):
    """By root, with s6's own tools: the broker finds what it finds, and does not fight it at once."""
    tree = make_tree()
    tree.register("a")
    tree.wait_state("a", "up")
    pid = tree.wait_gateway("a")
    tree.stop_broker()
    # The gateway dies while nobody looks; s6 starts it again.
    tree.signal("KILL", pid)
    wait_until(lambda: (now := tree.status("a")).pid not in (0, pid) and not now.finishing)
    tree.start_broker()
    service = tree.wait_state("a", "up")
    assert service["want"] == "up" and service["pid"] != pid


def test_what_is_left_half_made_is_removed(make_tree):
    tree = make_tree()
    tree.register("whole", start=False)
    tree.stop_broker()
    tree.run("root", "sh", "-c", "cd /run/svcbroker/services; cp -a gateway-whole .gateway-staged; mkdir -p .gateway-old~/supervise; "
                                 "ln -s /run/svcbroker/services/gateway-nothing /run/service/gateway-nothing", check=True)
    tree.start_broker()
    wait_until(lambda: sorted(os.listdir(tree.path("/run/svcbroker/services"))) == [".svcbroker-slot", "gateway-whole"], what="only what is whole")
    wait_until(lambda: not os.path.lexists(tree.path("/run/service/gateway-nothing")), what="no dangling link")
    assert tree.state("whole")["state"] == "down"


def test_readiness_is_one_newline(spoilt):
    result = spoilt.run("root", "sh", "-c", "/usr/local/sbin/svcbrokerd --notification-fd 5 5>/opt/ready & until [ -s /opt/ready ]; do sleep 0.02; done; "
                         "kill -s TERM $!; wait $!")
    assert result.returncode == 0, result.stderr
    with open(spoilt.path("/opt/ready"), "rb") as file:
        assert file.read() == b"\n"


def test_without_root(make_tree):
    """A container that runs as one uid: no identity to switch to, and Health says so."""
    tree = make_tree()
    script = """
    mkdir -p /opt/data/r/scan && cd /opt/data/r && cp -a /usr/local/share/svcbroker/gateway template
    s6-svscan scan >scan.log 2>&1 </dev/null &
    exec 5>ready
    exec /usr/local/sbin/svcbrokerd --socket /opt/data/r/s/socket --scandir /opt/data/r/scan --services /opt/data/r/services \
        --template /opt/data/r/template --settle-msec 300 --notification-fd 5 >broker.log 2>&1 </dev/null &
    """
    retry = script.replace("exec /usr/local", "until [ -p scan/.s6-svscan/control ]; do sleep 0.02; done; exec /usr/local")
    tree.run("root", "chmod", "755", "/opt/data")
    tree.run("hermes", "sh", "-c", retry, check=True)
    log = tree.path("/opt/data/r/broker.log")
    wait_until(lambda: os.path.getsize(tree.path("/opt/data/r/ready")) or "svcbrokerd:" in open(log).read(), what="ready")
    with open(log) as file:
        text = file.read()
    assert os.path.getsize(tree.path("/opt/data/r/ready")), text
    with tree.connect("hermes", "/opt/data/r/s/socket") as connection:
        connection.call("Register", profile="mine")
        (outcome,) = connection.call("Start", names=["gateway-mine"], wait="up")["outcomes"]
        assert outcome["service"]["state"] == "up"
        problems = connection.call("Health")["problems"]
        assert problems, "that there is no boundary is a problem worth a line"
        connection.call("Unregister", profile="mine")
