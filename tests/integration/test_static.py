# SPDX-License-Identifier: ISC
"""Static services that end by themselves: what is told of them, and what of those that somebody stopped."""

import pytest

from tree import wait_until

# As the image's dashboard has it, with a brake of its own.
FINISH = "case $1 in 79|78) exit 125 ;; esac; exec s6-permafailon 60 3 0-255,SIGABRT,SIGSEGV,SIGKILL /bin/true"


def script(name, run, finish):
    return f"""
mkdir -p /run/s6-rc/servicedirs/{name}
printf '#!/bin/sh\\n%s\\n' '{run}' >/run/s6-rc/servicedirs/{name}/run
printf '#!/bin/sh\\n%s\\n' '{finish}' >/run/s6-rc/servicedirs/{name}/finish
chmod 755 /run/s6-rc/servicedirs/{name}/run /run/s6-rc/servicedirs/{name}/finish
ln -s /run/s6-rc/servicedirs/{name} /run/service/{name}
"""


BEFORE = "".join((
    script("fails", "exit 3", FINISH),
    script("crashes", "kill -SEGV $$", FINISH),
    script("wrong", "exit 78", FINISH),
    script("off", "exit 79", FINISH),
    script("done", "exit 0", "exit 125"),
    script("loops", "exit 4", "exit 0"),
    script("runs", "exec sleep 1000", FINISH),
    script("kept", "trap \"exit 1\" TERM; while :; do sleep 1; done", FINISH),
))


def state(tree, name):
    return tree.call("Status", "root", name=name)["service"]


def problems(tree):
    return {problem.split()[0].rstrip(":"): problem for problem in tree.call("Health")["problems"]}


def settled(tree):
    wait_until(lambda: state(tree, "fails")["state"] == state(tree, "crashes")["state"] == state(tree, "wrong")["state"] == "failed",
               30, "the brakes")
    for name in ("off", "done"):  # one run each, which may begin later than others have had theirs
        wait_until(lambda n=name: (state(tree, n)["state"], state(tree, n)["want"]) == ("down", "down"), 30, f"the end of {name}")


def judged(tree):
    found = problems(tree)
    assert "fails failed: it ended: with exit code 3" in found["fails"] and "SIGSEGV" in found["crashes"]
    assert "configuration error" in found["wrong"]
    assert not {"off", "done", "runs", "kept"} & set(found), found
    for name in ("fails", "crashes", "wrong"):
        assert state(tree, name)["want"] == "up", "nobody has asked for its end"
    for name in ("off", "done"):
        assert (state(tree, name)["state"], state(tree, name)["want"]) == ("down", "down"), name


@pytest.fixture(scope="module")
def tree(module_trees):
    return module_trees("--allow-static", "fails", before=BEFORE)


def test_what_was_given_up_is_a_problem(tree):
    settled(tree)
    judged(tree)
    said = tree.run("hermes", "svcctl", "why", "fails").stdout
    assert "failed" in said and "exit code 3" in said and "as it is wanted" not in said and "s6-svc" in said
    assert tree.run("hermes", "svcctl", "health").returncode == 1


def test_a_broker_that_comes_later_knows_it_too(tree):
    settled(tree)
    tree.kill_broker()
    settled(tree)
    judged(tree)


def test_what_loops_without_a_brake_is_a_problem(tree):
    found = wait_until(lambda: problems(tree).get("loops"), 30, "it keeps ending")
    assert "keeps ending" in found and "exit code 4" in found


def test_what_somebody_stopped_is_none(tree):
    """Whatever its exit code is, and whoever stopped it."""
    for name in ("runs", "kept"):
        wait_until(lambda n=name: state(tree, n).get("pid"), what=name)
        tree.run("root", "s6-svc", "-wD", "-T", "20000", "-d", f"/run/service/{name}", check=True)
        assert wait_until(lambda n=name: state(tree, n)["state"] == "down" and state(tree, n), what=name)["want"] == "down"
        assert name not in problems(tree)
    settled(tree)
    tree.kill_broker()
    for name in ("runs", "kept"):
        assert state(tree, name)["state"] == "down", "one end is no loop"


def test_a_stop_accepts_it_and_a_start_tries_again(tree):
    settled(tree)
    assert tree.call("Stop", names=["fails"], wait="down")["outcomes"][0]["service"]["state"] == "down"
    assert "fails" not in problems(tree)
    tree.call("Start", names=["fails"])
    wait_until(lambda: state(tree, "fails")["state"] == "failed", 30, "the brake again")
    tree.run("root", "sh", "-c", "printf '#!/bin/sh\\nexec sleep 1000\\n' >/run/s6-rc/servicedirs/fails/run", check=True)
    tree.call("Start", names=["fails"], wait="up")
    assert state(tree, "fails")["state"] == "up" and "fails" not in problems(tree)
