# SPDX-License-Identifier: ISC
"""What the container's command means for the broker is s6-overlay's word, and of nobody who looks like it."""

import os

import pytest

from test_boot import container
from tree import BROKER, wait_until

RC_INIT = "/run/s6/basedir/scripts/rc.init"
# cat, under the command line of rc.init: it stays, since the last of its files is a FIFO that nobody writes.
LOOKS_LIKE = """
import os, sys
directory, *words = sys.argv[1:]
os.makedirs(directory, exist_ok=True)
os.chdir(directory)
os.mkfifo(words[-1])
if os.fork():
    os._exit(0)
os.setsid()
null = os.open("/dev/null", os.O_RDWR)
for descriptor in 0, 1, 2:
    os.dup2(null, descriptor)
os.execv("/bin/cat", ["/bin/sh", "-e", "RC_INIT", "top", *words])
""".replace("RC_INIT", RC_INIT)


def look_like(tree, user, *words):
    """A child of process 1 with the command line of rc.init; its pid."""
    line = f"/bin/sh -e {RC_INIT} top {' '.join(words)}"
    directory = {"hermes": "/opt/data/looks", "root": "/run/looks"}[user]
    tree.run(user, "/usr/bin/python3", "-Ic", LOOKS_LIKE, directory, *words, check=True)
    return wait_until(lambda: next((pid for pid, (told, _, _) in tree.processes().items() if told == line), None), what="its look-alike")


def options(tree):
    """Of the broker that runs, those that the container's command has a say in."""
    with open(tree.path(f"/proc/{tree.broker_pid()}/cmdline"), "rb") as file:
        words = file.read().decode().split("\0")
    return {"--no-gateways", "--bootstrap"} & set(words)


@pytest.mark.parametrize("user", ["hermes", "root"])
@pytest.mark.parametrize("word", ["dashboard", "gateway run"])
def test_whoever_looks_like_it(boot, user, word):
    """As hermes; and as a program that hermes has set-uid root: one that is root, and younger than the services."""
    tree = boot()
    look_like(tree, user, *word.split())
    tree.kill_broker()
    assert options(tree) == set()


def test_nobody_s_command_line_is_read(boot):
    """A process can make whoever reads it wait for ever."""
    tree = boot()
    pid = look_like(tree, "hermes", "dashboard")
    tree.run("root", "sh", "-c", f"mkfifo /run/hangs && mount --bind /run/hangs /proc/{pid}/cmdline", check=True)
    tree.kill_broker()
    assert options(tree) == set()
    tree.run("root", "umount", f"/proc/{pid}/cmdline", check=True)


@pytest.mark.parametrize("command, expected", [(("dashboard",), {"--no-gateways"}), (("gateway", "run"), {"--bootstrap"}), (("chat",), set())])
def test_it_lasts_as_long_as_the_container(boot, command, expected):
    """Also when rc.init has ended, or become another program, as at the container's end."""
    tree = boot(before=container(command))
    assert options(tree) == expected
    (pid,) = [pid for pid, (line, _, _) in tree.processes().items() if line.startswith(f"/bin/sh -e {RC_INIT} top")]
    tree.signal("KILL", pid)
    wait_until(lambda: pid not in tree.processes())
    look_like(tree, "hermes", "dashboard" if expected != {"--no-gateways"} else "chat")
    tree.kill_broker()
    assert options(tree) == expected


@pytest.mark.parametrize("note", ["0.0 dashboard\n", "LIFE nonsense\n", "LIFE\n", "", "LIFE dashboard"])
def test_a_note_of_another_life_is_none(boot, note):
    tree = boot(before=container(("chat",)))
    with open(f"{tree.path(BROKER)}/boot") as file:
        life = file.read().split()[0]
    with open(f"{tree.path(BROKER)}/boot", "w") as file:
        file.write(note.replace("LIFE", life))
    tree.kill_broker()
    assert options(tree) == ({"--no-gateways"} if note == "LIFE dashboard" else set())
    assert os.stat(f"{tree.path(BROKER)}/boot").st_uid == 0
