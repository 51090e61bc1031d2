# SPDX-License-Identifier: ISC
"""docs/night.md: each symptom on it is made in a tree, and what is printed there is what stands on the page."""

import glob
import os
import re
import subprocess

import pytest

from page import Page, fenced
from test_volume import Hang
from tree import SLOW_TO_SETTLE, TOP, wait_until

PAGE = Page("night.md")
SVCCTL = "/usr/local/bin/svcctl"  # as root names it
# What differs from run to run, and how it stands on the page.
DURATION = r"\d+(?:ms|s|m|h)(?: \d+[ms])?"
VOLATILE = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", "2026-01-01 00:00:00.000000000"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?!\.)", "2026-01-01 00:00:00"),
    (r"\bpid( +)\d+", r"pid\g<1>1234"),
    (r"(?m)^memory( +)[\d.]+[KM]$", r"memory\g<1>8.4M"),
    (r"(?m)^cpu( +)\S.* of processor time$", r"cpu\g<1>150ms of processor time"),
    (r"(?m)^open files( +)\d+$", r"open files\g<1>6"),
    (r" pgid \d+", ""),  # s6 2.12 and later
    (rf"\bfor {DURATION}\b", "for 5s"),
    (rf"\bnext start( +)in {DURATION}\b", r"next start\g<1>in 55s"),
    (r"(\)|, ready) \d+ seconds", r"\g<1> 5 seconds"),
    (rf"\b{DURATION} ago\b", "5s ago"),
)


def normal(text):
    for pattern, stands in VOLATILE:
        text = re.sub(pattern, stands, text)
    return text


def show(tree, name, *commands, user="hermes"):
    """Runs the commands as a person would type them, and holds the block of that name against it all."""
    prompt, text, output = {"hermes": "$", "root": "#"}[user], "", ""
    for command in commands:
        result = tree.run(user, "bash", "-c", f"exec 2>&1; {command}")
        output += result.stdout
        text += f"{prompt} {command}\n{normal(result.stdout)}"
    PAGE.check(name, fenced(text, "console"))
    return output


@pytest.fixture
def slow_tree(make_tree):
    """Its gateways are retried after a minute, so that there is time to look."""
    return make_tree(*SLOW_TO_SETTLE, "--backoff-first-msec", "60000")


def test_backoff(slow_tree):
    slow_tree.register("coder", "exit:1:0.1")
    wait_until(lambda: "attempt" in (slow_tree.state("coder").get("reason") or ""), what="back-off")
    wait_until(lambda: slow_tree.gateway_log("coder").count("ends with 1") == 5, what="what the last run printed")
    output = show(slow_tree, "backoff", "svcctl status coder", "svcctl health; echo $?", "tail -n 2 /opt/data/logs/gateways/coder/current")
    assert "backoff" in output
    slow_tree.register("coder", environment={})
    show(slow_tree, "backoff-mended", "svcctl start coder; echo $?")
    assert slow_tree.state("coder")["state"] == "up"


def test_failed(slow_tree):
    slow_tree.register("coder", "exit:78:0.1")
    slow_tree.wait_state("coder", "failed")
    show(slow_tree, "failed", "svcctl status coder", "svcctl start coder; echo $?")
    slow_tree.wait_state("coder", "failed")


def test_held(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    first = boot()
    wait_until(lambda: first.state("coder")["state"] == "up")
    first.wait_gateway("coder")
    second = boot()
    second.wait_state("coder", "held")
    show(second, "held", "svcctl status coder")
    show(first, "held-there", "svcctl stop coder; echo $?")
    second.wait_state("coder", "up")
    assert volume.intent("coder")["want"] == "down", "the record is both's"
    show(second, "held-here", "svcctl start coder; echo $?")
    assert volume.intent("coder")["want"] == "up"


def mount_in(tree, *arguments):
    subprocess.run(["nsenter", "--target", str(tree.pid), "--mount", "--pid", "mount", *arguments], check=True)


LOOK = ("svcctl health; echo $?", "svcctl doctor | grep -A 1 '^[a-z]* *intent_store'")


def boot_with_log(boot, volume):
    """Its gateway is down, and has been logged before: its logger has its files."""
    volume.profile("coder", intent={"version": 1, "want": "down"})
    tree = boot()
    tree.begin_logger("coder")
    wait_until(lambda: os.path.exists(tree.path("/opt/data/logs/gateways/coder/current")), what="its log")
    return tree


def test_volume_read_only(boot, volume):
    tree = boot_with_log(boot, volume)
    os.mkdir(tree.path("/run/read-only"))
    mount_in(tree, "--bind", "/opt/data", "/run/read-only")
    mount_in(tree, "-o", "remount,bind,ro", "/run/read-only")
    mount_in(tree, "--bind", "/run/read-only", "/opt/data")
    show(tree, "read-only", "svcctl start coder; echo $?", *LOOK)


def test_volume_full(boot, volume):
    tree = boot_with_log(boot, volume)
    tree.run("root", "sh", "-c", "mount -t tmpfs -o size=64k,uid=10000,gid=10000,mode=755 none /opt/data; yes >/opt/data/full")
    show(tree, "full", "svcctl start coder; echo $?", *LOOK, "df --output=pcent /opt/data")


def test_volume_hung(boot, volume):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("no /dev/fuse")
    volume.profile("coder", intent={"version": 1, "want": "up"})
    tree = boot()
    tree.wait_state("coder", "up")
    with Hang(tree):  # whose home is on it is caught there: as root
        show(tree, "hung", f"{SVCCTL} stop --no-wait coder; echo $?", f"{SVCCTL} health; echo $?",
             f"{SVCCTL} doctor | /usr/bin/grep -A 1 '^[a-z]* *volume'", user="root")


def test_broker_down(make_tree):
    tree = make_tree("--backoff-first-msec", "60000")  # there is time to look
    tree.register("coder")
    pid = tree.wait_gateway("coder")
    tree.stop_broker()
    show(tree, "broker-down", "svcctl list; echo $?")
    show(tree, "broker-down-root", "/usr/bin/s6-svstat /run/service/svcbrokerd", user="root")
    assert tree.status("coder").pid == pid, "its gateways go on"
    # What the section on working without it does.
    name = "/run/service/gateway-coder"
    tree.run("root", "s6-svc", "-wD", "-d", name, check=True)
    assert not tree.status("coder").pid
    tree.run("root", "s6-svc", "-u", name, check=True)
    tree.wait_gateway("coder")
    show(tree, "plain-s6", f"/usr/bin/s6-svstat {name}", user="root")
    tree.run("root", "s6-svc", "-wD", "-d", name, check=True)
    tree.expected_ends -= 1
    show(tree, "broker-back", "/usr/bin/s6-svc -wU -u /run/service/svcbrokerd", f"{SVCCTL} status coder", user="root")
    tree.expected_ends += 1


def test_no_kill(make_tree):
    tree = make_tree(without="kill")
    show(tree, "no-kill", "svcctl health; echo $?", "svcctl doctor | grep -A 1 '^[a-z]* *kill'")


def test_path(make_tree):
    tree = make_tree(path="/opt/data/.local/bin:/usr/local/bin:/usr/bin:/bin")
    show(tree, "path", "svcctl health; echo $?", "svcctl doctor | grep -A 1 '^[a-z]* *permissions_path'")


def test_capacity(make_tree):
    tree = make_tree("--services-max", "4", services_max=4)
    tree.register("coder", start=False)
    show(tree, "capacity", "svcctl register writer; echo $?", "svcctl doctor | grep -A 1 '^[a-z]* *capacity'")


def test_does_not_stop(make_tree):
    tree = make_tree()
    tree.register("coder", "ignore-term")
    tree.wait_gateway("coder")
    tree.wait_state("coder", "up")
    show(tree, "does-not-stop", "svcctl stop --timeout 1s coder; echo $?", "svcctl status coder")
    tree.run("hermes", "bash", "-c", command_of("svcctl kill"), check=True)
    tree.wait_state("coder", "down")
    show(tree, "does-not-stop-killed", "svcctl status coder")


def test_no_supervisor(make_tree):
    tree = make_tree(profiles="")
    tree.run("root", "sh", "-c", "cp -r /run/s6-rc/servicedirs/svcbrokerd /run/ghost; cd /run/ghost; rm -rf supervise event data; touch down; "
             "ln -s /run/ghost /run/service/ghost", check=True)
    wait_until(lambda: any((service["name"], service["state"]) == ("ghost", "unsupervised") for service in tree.call("List")["services"]),
               what="it is seen")
    tree.run("root", "bash", "-c", command_of("/usr/bin/s6-svscanctl"), check=True)
    wait_until(lambda: tree.call("Status", name="ghost")["service"]["state"] == "down", what="a supervisor")


def test_orphans(make_tree):
    tree = make_tree()
    tree.register("coder", "daemon")
    tree.wait_gateway("coder")
    # It says that it runs before it leaves one; and who has no group of its own yet goes with it.
    wait_until(lambda: [pid for pid, (line, parent, group) in tree.processes().items() if "-p coder gateway run" in line and
                        pid == group and pid != tree.status("coder").pid], what="the daemon")
    tree.unregister("coder")
    left = tree.run("hermes", "bash", "-c", command_of("ps"), check=True).stdout.splitlines()
    assert any("hermes" in line and line.split()[1] == "1" for line in left[1:]), left


def command_of(word):
    """The one line of the page's commands, outside what is made, that begins with this word."""
    (command,) = re.findall(rf"^    [#$] ({word} .*)$", PAGE.read(), re.M)
    return command


def test_every_line_of_the_log_is_there():
    """Of each line that the broker can log, its words up to the first value are in the table."""
    page, missing = PAGE.read(), []
    for path in glob.glob(f"{TOP}/daemon/**/*.c", recursive=True):
        with open(path) as file:
            for words in re.findall(r'log_(?:line|refusal)\(\s*"([^"]*)"', file.read()):
                words = re.split(r"%| (?:why|service|name|uid|limit|connection)=", words)[0].strip(" :")
                if f"| `{words}" not in page and f"`, `{words}" not in page:
                    missing.append(words)
    assert not missing, sorted(set(missing))


def test_every_file_is_there(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    tree = boot()
    tree.wait_state("coder", "up")
    tree.wait_gateway("coder")
    table = PAGE.read().split("## The files")[1].split("\n## ")[0]
    paths = re.findall(r"^\| `(/[^`]*)`", table, re.M)
    assert len(paths) > 8
    down = paths.pop(paths.index("/run/svcbroker/services/gateway-NAME/down"))
    logger_down = paths.pop(paths.index("/run/svcbroker/services/gateway-NAME/log/down"))
    for path in paths:
        # What happened is written a moment later.
        wait_until(lambda path=path: os.path.lexists(tree.path(path.replace("NAME", "coder"))), what=path)
    assert not any(os.path.lexists(tree.path(path.replace("NAME", "coder"))) for path in (down, logger_down))
    tree.call("Stop", names=["gateway-coder"], wait="down")
    assert os.path.lexists(tree.path(down.replace("NAME", "coder")))


def test_commands_of_root(make_tree):
    """All that stand alone on the page, in their order; one of them ends the broker."""
    tree = make_tree()
    tree.register("coder")
    tree.wait_gateway("coder")
    commands = re.findall(r"^    # (.*)$", PAGE.read(), re.M)
    assert len(commands) > 5
    for command in commands:
        result = tree.run("root", "bash", "-c", command)
        assert result.returncode == 0, (command, result.stderr)
    tree.expected_ends += 1
    wait_until(lambda: not tree.broker_pid(), what="the broker down, which nobody waited for")


def test_commands_of_svcctl(make_tree):
    tree = make_tree()
    tree.register("coder")
    tree.wait_gateway("coder")  # whose log is there
    tree.wait_state("coder", "up")
    verbs = re.findall(r"^  ([a-z]+)", tree.run("hermes", "svcctl", "--help").stdout, re.M)
    commands = re.findall(r"^    \$ (svcctl .*)$", PAGE.read(), re.M)
    assert len(commands) > 5
    for command in commands:
        if command.split()[1] in ("why", "logs") and command.split()[1] not in verbs:
            continue  # of a later svcctl
        result = tree.run("hermes", "bash", "-c", command.replace("NAME", "coder"))
        assert result.returncode == 0, (command, result.stderr)


def test_the_page_has_nothing_else():
    """Last in the file: with only some of the tests, there is nothing to say."""
    if {"backoff", "does-not-stop-killed", "hung"} <= PAGE.said:
        PAGE.check_complete()
