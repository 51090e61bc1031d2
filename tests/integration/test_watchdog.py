# SPDX-License-Identifier: ISC
"""A loop that stands is ended and replaced; one that has no chance to go on is not."""

import re
import subprocess
import time

import pytest

from tree import wait_until
from varlink import HANG_SEC


QUICK = ("--watchdog-msec", "1000")


def trace(tree, calls, inject):
    """strace on the broker's loop; returns when it is attached."""
    pid = tree.broker_pid()
    tracer = subprocess.Popen(["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter root "$@"', "tree", str(tree.pid),
                               "strace", "-o", "/dev/null", "-p", str(pid), "-e", f"trace={calls}", "-e", f"inject={calls}:{inject}"],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    # The kernel names a tracer some time before it stops at calls.
    while "attached" not in (line := tracer.stderr.readline()):
        assert line, "strace did not attach"
    return tracer, pid




@pytest.mark.parametrize("calls", ["accept4", "recvmsg,recvfrom,read", "sendmsg,sendto,write", "epoll_wait,epoll_pwait", "mkdirat,mkdir"])
def test_loop_that_stands_is_replaced(make_tree, calls):
    """In whatever system call; its gateways run on, and the next one serves root."""
    tree = make_tree(*QUICK)
    tree.register("a")
    gateway = tree.wait_state("a", "up")["pid"]
    tracer, pid = trace(tree, calls, "delay_enter=600000000:when=1+")
    with tree.connect("root") as connection:
        connection.send("Register", {"profile": "b", "start": False})
        tree.expected_ends += 1
        ended = wait_until(lambda: re.search(r"watchdog: the loop stands: ended msec=(\d+)", tree.log()), what="its end")
        assert int(ended[1]) >= 1000 and "watchdog: the loop stands: for half of its time" in tree.log()
        # Killed it is; strace, busy with its delay, lets it go only with its own end.
        tree.signal("KILL", *[other for other, (line, _, _) in tree.processes().items() if line.startswith("strace ")])
        wait_until(lambda: tree.broker_is_ready(pid), what="another broker")
    assert tracer.wait(HANG_SEC) is not None
    tracer.stderr.close()
    assert tree.call("Health", "root")["healthy"] in (True, False)
    assert tree.state("a")["pid"] == gateway


def test_broker_that_was_stopped_goes_on(make_tree):
    """As in a container that was frozen: the time of others is not the loop's."""
    tree = make_tree(*QUICK)
    tree.register("a")
    pid = tree.broker_pid()
    for _ in range(2):
        with tree.connect() as connection:
            connection.call("Health")
            tree.signal("STOP", pid)
            connection.send("Health")
            time.sleep(2.5)  # more than the limit; there is nothing to wait for
            tree.signal("CONT", pid)
            assert connection.result()["healthy"] in (True, False)
    assert tree.broker_pid() == pid and "watchdog" not in tree.log()


def test_idle_broker_is_left_alone(make_tree):
    """It has no turns, and nobody wakes for that: no thread of it has more than a switch or two in a while."""
    tree = make_tree(*QUICK)
    pid = tree.broker_pid()

    def switches():
        found = tree.run("root", "sh", "-c", f"cat /proc/{pid}/task/*/status").stdout
        return sum(int(line.split()[1]) for line in found.splitlines() if line.startswith("voluntary_ctxt_switches"))

    def quiet():
        before = switches()
        time.sleep(2)
        return switches() == before
    wait_until(quiet, what="two seconds in which nothing of it woke")
    assert tree.broker_pid() == pid and "watchdog" not in tree.log()


def test_signals_of_hermes_reach_nobody(make_tree):
    """Nothing in it is hermes's to stop, to slow down, or to fake."""
    tree = make_tree(*QUICK)
    pid = tree.broker_pid()
    script = "import os, sys, ctypes; pid = int(sys.argv[1]); bad = []\n" \
             "for task in [pid] + list(map(int, sys.argv[2:])):\n" \
             "    for number in range(1, 65):\n" \
             "        try: os.kill(task, number); bad.append((task, number))\n" \
             "        except OSError: pass\n" \
             "    for call in (lambda: os.sched_setaffinity(task, {0}), lambda: os.sched_setscheduler(task, os.SCHED_IDLE, os.sched_param(0)),\n" \
             "                 lambda: os.setpriority(os.PRIO_PROCESS, task, 19)):\n" \
             "        try: call(); bad.append((task, 'sched'))\n" \
             "        except OSError: pass\n" \
             "print(bad)"
    tasks = tree.run("root", "sh", "-c", f"grep -l svcbrokerd /proc/{pid}/task/*/comm").stdout.split()
    threads = [path.split("/")[4] for path in tasks if path.split("/")[4] == str(pid)]
    guard = [path.split("/")[4] for path in tree.run("root", "sh", "-c", f"grep -l watchdog /proc/{pid}/task/*/comm").stdout.split()]
    assert len(guard) == 1
    assert tree.run("hermes", "/usr/bin/python3", "-c", script, str(pid), *threads, *guard).stdout.strip() == "[]"
    assert tree.broker_pid() == pid
