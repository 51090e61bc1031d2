# SPDX-License-Identifier: ISC
"""The keys of svcctl top: what they order, what they show, and what is none of them."""

import os
import re

import pytest

from terminal import terminal
from tmux import tmux
from tree import wait_until

PLAIN = ("NO_COLOR=1",)
LOOKED_AT = ((40, 10), (80, 24), (200, 60))
LIST = r"(?s)^3 services: (?!.*: log ).*q quits$"


def chosen(text):
    """The name of what is chosen, where nothing is coloured and names are not cut."""
    return next((line.split()[0] for line in text.splitlines() if re.match(r"\S+ +> ", line)), None)


def last(text):
    """What is told at the end, over however many lines."""
    return " ".join(" ".join(text.splitlines()[-5:]).split())


def choose(screen, name):
    screen.keys("/")
    screen.wait_for(lambda text: text.rstrip().endswith("/_"), "a search")
    screen.command(name)
    screen.wait_for(lambda text: chosen(text) == name and "_" not in text.splitlines()[-1], f"{name} chosen")


@pytest.fixture(scope="module")
def tree(module_trees):
    tree = module_trees()
    for name in ("coder", "writer"):
        tree.register(name)
        tree.wait_state(name, "up")
    return tree


@pytest.fixture
def top(tree):
    for name in ("coder", "writer"):
        tree.call("Start", names=[f"gateway-{name}"])
        tree.wait_state(name, "up")
    with tmux(tree, columns=110, environment=PLAIN) as screen:
        screen.command("svcctl top")
        screen.wait_for(lambda text: text.startswith("3 services: 3 up") and chosen(text), "the first picture")
        yield screen


def test_orders(tree, top):
    choose(top, "gateway-writer")
    top.keys("t")
    top.wait_for(lambda text: last(text).endswith("gateway-writer: down"), "that it is down")
    assert tree.state("writer")["want"] == "down" and tree.state("coder")["state"] == "up"
    top.keys("s")
    top.wait_for(lambda text: re.search(r"gateway-writer: up, pid \d+$", last(text)), "that it is up")
    pid = tree.state("writer")["pid"]
    top.keys("r")
    top.wait_for(lambda text: re.search(r"gateway-writer: up, pid \d+$", last(text)) and f"pid {pid}" not in last(text), "another one")


def test_kill_asks_once(tree, top):
    choose(top, "gateway-coder")
    pid = tree.state("coder")["pid"]
    for no in ("n", "Enter", "Escape", "j", "k"):
        top.keys("k")
        top.wait_for(lambda text: last(text).endswith("kill gateway-coder with SIGKILL? y: yes; any other key: no"), "a question")
        top.keys(no)
        text = top.wait_for(lambda text: last(text).endswith("not killed"), f"no, by {no}")
        assert chosen(text) == "gateway-coder"
    assert tree.state("coder")["pid"] == pid
    top.keys("k")
    top.wait_for(lambda text: "? y: yes" in text, "a question")
    top.keys("y")
    top.wait_for(lambda text: "gateway-coder: KILL ordered, now " in last(text), "that it is done")
    wait_until(lambda: tree.state("coder").get("last_exit", {}).get("signal") == "SIGKILL", what="its end")


def test_nothing_waits_for_an_order(make_tree):
    """One that drains for long is waited for, and meanwhile others are done, and told of; and its own outcome comes when the choice is
    elsewhere."""
    tree = make_tree()
    for name, behaviour in ("coder", ""), ("slow", "drain:600"):
        tree.register(name, behaviour)
        tree.wait_state(name, "up")
    pid = tree.wait_gateway("slow")
    with tmux(tree, columns=110, environment=PLAIN) as screen:
        screen.command("svcctl top")
        screen.wait_for(lambda text: text.startswith("3 services: 3 up") and chosen(text), "the first picture")
        choose(screen, "gateway-slow")
        screen.keys("t")
        screen.wait_for(lambda text: re.search(r"gateway-slow +> stopping", text), "that it is on the way")
        choose(screen, "gateway-coder")
        screen.keys("t")
        screen.wait_for(lambda text: last(text).endswith("gateway-coder: down"), "the other one's outcome")
        tree.end_drain(pid)
        screen.wait_for(lambda text: last(text).endswith("gateway-slow: down") and chosen(text) == "gateway-coder", "the first one's")


def test_refusals_have_the_words_of_svcctl(tree):
    with tmux(tree, columns=200, environment=PLAIN) as screen:
        screen.command("svcctl top")
        screen.wait_for(lambda text: chosen(text))
        choose(screen, "svcbrokerd")
        for key, verb in ("t", "stop"), ("r", "restart"):
            screen.keys(key)
            wanted = tree.run("hermes", "svcctl", verb, "svcbrokerd").stderr.strip().removeprefix("svcctl: ")
            screen.wait_for(lambda text, wanted=wanted: text.rstrip().endswith(wanted), wanted)
        tree.call("Stop", names=["gateway-coder"], wait="down")
        screen.keys("Escape")
        choose(screen, "gateway-coder")
        screen.keys("k")
        screen.wait_for(lambda text: "? y: yes" in text)
        screen.keys("y")
        wanted = tree.run("hermes", "svcctl", "kill", "gateway-coder").stderr.strip().removeprefix("svcctl: ")
        screen.wait_for(lambda text: text.rstrip().endswith(wanted), wanted)


def test_an_observer_may_not(make_tree):
    tree = make_tree("--observer-group", "observers")
    tree.register("coder")
    tree.wait_state("coder", "up")
    with tmux(tree, "observer", columns=150, environment=PLAIN) as screen:
        screen.command("svcctl top")
        screen.wait_for(lambda text: chosen(text))
        choose(screen, "gateway-coder")
        screen.keys("t")
        screen.wait_for(lambda text: "gateway-coder: permission denied: run it as root" in last(text), "that it may not")
    assert tree.state("coder")["want"] == "up"


def test_the_choice_stays_on_its_name(make_tree):
    """Also where rows move, and none is taken for one that is gone."""
    tree = make_tree()
    for name in ("a", "b", "c"):
        tree.register(name, start=False)
    with tmux(tree, columns=110, environment=PLAIN) as screen:
        screen.command("svcctl top")
        screen.wait_for(lambda text: text.startswith("4 services") and chosen(text) == "svcbrokerd", "the first picture")
        choose(screen, "gateway-b")
        tree.call("Start", names=["gateway-c"], wait="up")
        text = screen.wait_for(lambda text: text.startswith("4 services: 2 up") and chosen(text) == "gateway-b", "another order")
        assert text.index("gateway-c ") < text.index("gateway-b ")
        tree.call("Unregister", profile="b")
        screen.wait_for(lambda text: text.startswith("3 services") and not chosen(text), "that nothing is chosen")
        for key in "t", "k", "w":
            screen.keys(key)
            screen.wait_for(lambda text: "what was chosen is gone from here" in last(text), f"that {key} means none")
            screen.keys("C-l")
        assert tree.state("a")["want"] == "down" and tree.state("c")["want"] == "up"
        screen.keys("Up")
        screen.wait_for(lambda text: chosen(text) in ("gateway-a", "gateway-c"), "a choice")


def test_the_log_follows(tree, top):
    log = tree.path("/opt/data/logs/gateways/coder/current")
    choose(top, "gateway-coder")
    top.keys("l")
    text = top.wait_for(lambda text: "── gateway-coder: log ──" in text and "started, pid" in text, "the log")
    assert text.startswith("3 services: ") and chosen(text) == "gateway-coder"
    with open(log, "a") as file:
        file.write("a line \x1b[31mof\x1b]0;title\x07 now\n")
    top.wait_for(lambda text: r"a line of\x1b]0;title\x07 now" in text, "a new line")
    os.rename(log, f"{os.path.dirname(log)}/@400000006553b4b60000000a.s")
    with open(log, "w") as file:
        file.writelines(f"line {number}\n" for number in range(1000))
    top.wait_for(lambda text: "line 999\n" in text and "line 990\n" in text, "the lines of the next file")
    top.keys("L")
    text = top.wait_for(lambda text: text.startswith("gateway-coder: log ") and "line 999" in text, "the whole terminal")
    assert text.splitlines()[1] == "line 978" and re.search(r"lines 479 to 500 of 500; arrows scroll ", text)
    top.keys("Up")
    top.wait_for(lambda text: "lines 478 to 499 of 500" in text, "a line less")
    with open(log, "a") as file:
        file.write("line 1000\n")
    top.keys("End")
    top.wait_for(lambda text: text.splitlines()[-2] == "line 1000", "the last one")
    top.keys("q")
    top.wait_for(lambda text: text.startswith("3 services: "), "the list")
    top.keys("l")
    choose(top, "gateway-writer")
    top.wait_for(lambda text: "── gateway-writer: log ──" in text, "the other's log")
    choose(top, "svcbrokerd")
    top.wait_for(lambda text: "── svcbrokerd: log ──" in text and "no log yet" in text, "that it has none")
    top.keys("l")
    top.wait_for(lambda text: "log ──" not in text, "no log")


def test_pages(tree, top):
    choose(top, "gateway-coder")
    for leave in ("w", "q", "Escape"):
        top.keys("w")
        text = top.wait_for(lambda text: text.startswith("gateway-coder: why ") and "gateway-coder has been up for" in text, "why")
        assert text.rstrip().endswith("q back")
        top.keys(leave)
        top.wait_for(lambda text: text.startswith("3 services: "), f"the list, by {leave}")
    top.keys("h")
    top.wait_for(lambda text: text.startswith("gateway-coder: history ") and "register ordered by" in text, "its history")
    tree.call("Stop", names=["gateway-coder"], wait="down")
    top.wait_for(lambda text: text.split("arrows scroll")[0].rstrip().endswith(", as ordered"), "what happens now")
    # Keys order here, too.
    top.keys("s")
    top.wait_for(lambda text: re.search(r"gateway-coder: up, pid \d+$", last(text)), "that it is up")
    top.keys("?")
    text = top.wait_for(lambda text: text.startswith("keys "), "the keys")
    for key in ("arrows, j", *"strklwh/fo", "Esc", "q, Ctrl-C"):
        assert re.search(rf"^{re.escape(key)}  ", text, re.M), key
    top.keys("t")
    top.keys("?")
    top.wait_for(lambda text: text.startswith("3 services: "), "the list again")
    assert tree.state("coder")["want"] == "up"
    top.keys("q")
    top.wait_prompt()


def test_search_filter_and_sort(make_tree):
    tree = make_tree()
    for name in ("alpha", "beta", "alphabet"):
        tree.register(name, start=False)
    with tmux(tree, columns=120, environment=PLAIN) as screen:
        def see(keys, condition):
            screen.keys(*keys)
            return screen.wait_for(condition, f"what {keys} does")
        screen.command("svcctl top")
        screen.wait_for(lambda text: text.startswith("4 services") and chosen(text) == "svcbrokerd", "the first picture")
        see(("/", "B", "E", "t"), lambda text: chosen(text) == "gateway-alphabet" and "/BEt_" in text)
        see(("Escape",), lambda text: chosen(text) == "svcbrokerd" and "_" not in text)
        see(("/", "b", "x", "BSpace", "e", "Enter"), lambda text: chosen(text) == "gateway-alphabet")
        for key, name in ("n", "beta"), ("n", "alphabet"), ("N", "beta"):
            see((key,), lambda text, name=name: chosen(text) == f"gateway-{name}")
        see(("/", "x", "y", "z", "Enter"), lambda text: "no name here has xyz" in text and chosen(text) == "gateway-beta")
        see(("f",), lambda text: text.startswith("only up of 4 services") and chosen(text) == "svcbrokerd" and "gateway-" not in text)
        text = see(("f",), lambda text: text.startswith("only down of 4 services") and chosen(text) == "gateway-alpha")
        assert "svcbrokerd" not in text
        tree.call("Start", names=["gateway-beta"], wait="up")
        screen.wait_for(lambda text: text.startswith("only down of 4 services: 2 up") and "gateway-beta" not in text, "one less")
        see(("f",), lambda text: text.startswith("4 services"))
        see(("f", "F"), lambda text: text.startswith("4 services") and chosen(text))
        for word in ("name", "state", "age", "restarts", "pid", "memory", "cpu"):
            see(("o",), lambda text, word=word: f"; by {word} " in text.splitlines()[0] and last(text).endswith(f"sorted by {word}"))
        see(("o",), lambda text: "; by" not in text and last(text).endswith("sorted by attention"))


def test_what_is_pasted_is_no_order(tree, top):
    choose(top, "gateway-coder")
    top.run("set-buffer", "t stop r\nkyk\ny q")
    top.run("paste-buffer", "-p")
    top.wait_for(lambda text: "what is pasted is no order" in last(text), "that it is none")
    # A terminal that says nothing of it.
    top.run("send-keys", "-l", "ttt stop q")
    text = top.wait_for(lambda text: "as if it were pasted" in last(text) or "prompt>" in text, "that it seems to be pasted")
    assert "prompt>" in text or tree.state("coder")["want"] == "up"
    assert tree.state("coder")["want"] == "up"


def test_a_paste_searches(tree, top):
    top.keys("/")
    top.wait_for(lambda text: text.rstrip().endswith("/_"))
    top.run("set-buffer", "gateway-writer\n")
    top.run("paste-buffer", "-p")
    top.wait_for(lambda text: chosen(text) == "gateway-writer" and "/gateway-writer_" in text, "what was pasted")


def test_the_broker_goes_while_an_order_is_under_way(make_tree):
    """It is told, the order stands, and its outcome comes from the next one."""
    tree = make_tree()
    tree.register("slow", "drain:600")
    tree.wait_state("slow", "up")
    pid = tree.wait_gateway("slow")
    with tmux(tree, columns=110, environment=PLAIN) as screen:
        screen.command("svcctl top")
        screen.wait_for(lambda text: chosen(text))
        choose(screen, "gateway-slow")
        screen.keys("t")
        screen.wait_for(lambda text: re.search(r"gateway-slow +> stopping", text), "that it is on the way")
        tree.kill_broker()
        screen.wait_for(lambda text: text.startswith("the broker is back"), "that it was away")
        tree.end_drain(pid)
        screen.wait_for(lambda text: last(text).endswith("gateway-slow: down"), "the outcome")
        tree.stop_broker()
        screen.wait_for(lambda text: text.startswith("the broker is away"), "that it is away")
        screen.keys("s")
        screen.wait_for(lambda text: "no broker" in last(text) and "see that svcbrokerd runs" in last(text), "that nobody takes it")
        tree.start_broker()


@pytest.mark.parametrize("environment", [(), PLAIN])
def test_sizes(tree, environment):
    """Nothing is wrapped or lost at any size, whatever is shown; and one that is no size at all is no end."""
    with tmux(tree, columns=80, environment=environment) as screen:
        screen.command("svcctl top")
        screen.wait_for(lambda text: "gateway-coder" in text and "q quits" in text)
        for columns, rows in LOOKED_AT:
            screen.resize(columns, rows)
            for key, sign in ("l", ": log "), ("l", LIST), ("w", ": why "), ("h", ": history "), ("?", "^keys "), ("?", LIST), \
                    ("k", "with SIGKILL[?]"), ("n", "not killed$"), ("/", "/_$"), ("Escape", LIST):
                screen.keys(key)
                text = screen.wait_for(lambda text, sign=sign: re.search(sign, text.rstrip()) and len(text.splitlines()) == rows,
                                       f"{sign} at {columns}x{rows}")
                assert max(map(len, text.splitlines())) <= columns
        for columns, rows in (1, 1), (2, 1), (1, 7), (200, 1), (3, 2):
            screen.resize(columns, rows)
            for key in "l", "l", "?", "?", "k", "n", "/", "Escape", "Down", "Up":
                screen.keys(key)
        screen.resize(80, 24)
        screen.wait_for(lambda text: text.startswith("3 services: ") and "gateway-writer" in text, "the list again")
        screen.keys("q")
        screen.wait_prompt()


@pytest.mark.parametrize("end", ["q", "\x03", "TERM", "HUP"])
def test_the_terminal_is_given_back(tree, end):
    """Out of any of its states, the marks of pastes, too; and nothing is said behind that, by a sanitizer neither."""
    with terminal(tree, "hermes", "svcctl", "top") as seen:
        seen.screen.put = lambda text: None
        seen.screen.text = lambda: seen.raw
        seen.wait_for("gateway-writer")
        if end == "q":
            for key, sign in ("w", ": why"), ("h", ": history"), ("L", ": log"), ("?", "arrows, j"), ("?", "services"), ("s", "ordered|: up, pid|: starting"):
                before = len(seen.raw)
                seen.type(key)
                # What is done soon is told of as done.
                wait_until(lambda before=before, sign=sign: seen.read(0.1) and re.search(sign, seen.raw[before:]), what=sign)
        else:
            seen.type("/x")
            seen.wait_for("/x_")
        if len(end) == 1:
            seen.type(end)
        else:
            (pid,) = [pid for pid, (line, _, _) in tree.processes().items() if line.startswith("svcctl top")]
            tree.signal(end, pid)
        seen.end()
    assert seen.raw.count("\x1b[?2004h") == 1 and seen.raw.endswith("\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?2004l")
