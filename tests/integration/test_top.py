# SPDX-License-Identifier: ISC
"""svcctl top, as a person sees it."""

import re
import signal

import pytest

from terminal import terminal
from tmux import tmux
from tree import wait_until

PLAIN = ("NO_COLOR=1",)
KEYS = "q quits"


def own_pid(tree, verb="top"):
    (pid,) = [pid for pid, (line, _, _) in tree.processes().items() if line.startswith(f"svcctl {verb}")]
    return pid


def row(text, name):
    return next((line for line in text.splitlines() if line.startswith(f"{name} ")), "")


def shows(name, state):
    return lambda text: re.match(rf"{name} +(\S )?{state}\b", row(text, name)) and text.rstrip().endswith(KEYS)


@pytest.fixture(scope="module")
def tree(module_trees):
    tree = module_trees()
    for name in ("coder", "writer"):
        tree.register(name)
        tree.wait_state(name, "up")
    return tree


@pytest.fixture(scope="module")
def crowd(module_trees):
    """More services than a terminal has rows."""
    tree = module_trees()
    for number in range(30):
        tree.register(f"g{number:02}", start=False)
    return tree


def test_states_as_they_change(make_tree):
    tree = make_tree()
    tree.register("coder")
    tree.wait_state("coder", "up")
    with tmux(tree) as screen:
        screen.command("svcctl top")
        text = screen.wait_for(shows("gateway-coder", "up"), "the first picture")
        lines = text.splitlines()
        assert re.fullmatch(r"2 services: 2 up +\d\d:\d\d:\d\d", lines[0])
        assert lines[1].startswith("NAME ") and len(lines) == 24 and lines[-1].startswith("s start ") and lines[-1].endswith(f"? keys  {KEYS}")
        assert screen.get("alternate_on") == "1" and screen.get("cursor_flag") == "0"
        tree.call("Stop", names=["gateway-coder"])
        screen.wait_for(shows("gateway-coder", "down"), "down")
        tree.register("writer")
        screen.wait_for(shows("gateway-writer", "up"), "a new one")
        assert screen.lines()[0].startswith("3 services: 2 up, 1 down ")
        tree.unregister("coder")
        screen.wait_for(lambda text: text.startswith("2 services") and "gateway-coder" not in text, "without the one removed")


def test_ages_go_on_without_asking(tree):
    """From the picture alone: the broker cannot be asked meanwhile."""
    with tmux(tree) as screen:
        screen.command("svcctl top")
        screen.wait_for(shows("gateway-coder", "up"))
        broker = tree.broker_pid()
        tree.signal("STOP", broker)
        first = screen.text()
        for _ in range(2):
            screen.wait_for(lambda text: row(text, "gateway-coder") not in ("", row(first, "gateway-coder")), "another age")
            first = screen.text()
        tree.signal("CONT", broker)
        assert first.startswith("3 services: 3 up ")


@pytest.mark.parametrize("key", ["q", "Q", "C-c"])
def test_quits(tree, key):
    with tmux(tree) as screen:
        before = screen.text()
        screen.command("svcctl top; echo \"code $?\"")
        screen.wait_for(shows("gateway-coder", "up"))
        screen.keys(key)
        text = screen.wait_prompt()
        assert "code 0" in text and "gateway-coder" not in text and text.startswith(before.strip())
        # Echo and line editing of the terminal itself are back, not only readline's.
        screen.command("stty -a | tr ' ;' '\\n\\n' | grep -xE -e '-?(icanon|echo|ixon|icrnl)' | paste -sd,")
        screen.wait_for(lambda text: "\nicrnl,ixon,icanon,echo\n" in text, "the terminal's modes")


@pytest.mark.parametrize("name", ["TERM", "HUP", "QUIT"])
def test_signals_leave_the_terminal_as_it_was(tree, name):
    with tmux(tree) as screen:
        screen.command("svcctl top; echo \"code $?\"")
        screen.wait_for(shows("gateway-coder", "up"))
        tree.signal(name, own_pid(tree))
        assert f"code {128 + signal.Signals['SIG' + name]}" in screen.wait_prompt()


def test_stops_and_goes_on(tree):
    with tmux(tree) as screen:
        screen.command("svcctl top")
        screen.wait_for(shows("gateway-coder", "up"))
        for _ in range(2):
            screen.keys("C-z")
            assert "Stopped" in screen.wait_prompt()
            screen.command("fg")
            screen.wait_for(shows("gateway-coder", "up"), "top again")
            assert screen.get("alternate_on") == "1" and screen.get("cursor_flag") == "0"
        # By somebody else, who does not let it do anything before: what it shows is whole when it goes on.
        pid = own_pid(tree)
        tree.signal("STOP", pid)
        screen.wait_for(lambda text: "Stopped" in text, "the shell")
        screen.command("clear")
        screen.wait_for(lambda text: text.strip() == "prompt>", "an empty terminal")
        screen.command("fg")
        screen.wait_for(shows("gateway-coder", "up"), "top again")
        screen.keys("q")
        screen.wait_prompt()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_widths(tree, columns):
    with tmux(tree, columns=columns, environment=PLAIN) as screen:
        screen.command("svcctl top")
        text = screen.wait_for(shows("gateway-coder", "up"))
        lines = text.splitlines()
        assert len(lines) == 24 and max(map(len, lines)) <= columns
        assert len(lines[0]) == columns, "the time is at the edge"
        for line, following in zip(lines, lines[1:]):
            assert not (line and following.startswith(" ")), "a line was wrapped"


def test_resizes(crowd):
    with tmux(crowd, columns=120, rows=40) as screen:
        screen.command("svcctl top")
        screen.wait_for(shows("gateway-g29", "down"), "all of them")
        screen.resize(40, 10)
        text = screen.wait_for(lambda text: "rows 1 to 7 of 31" in text and len(text.splitlines()) == 10, "a small picture")
        assert text.splitlines()[1].startswith("NAME ") and row(text, "gateway-g05") and not row(text, "gateway-g06")
        screen.resize(120, 40)
        text = screen.wait_for(shows("gateway-g29", "down"), "all of them again")
        assert row(text, "gateway-g00") and "rows" not in text
        screen.resize(20, 2)
        text = screen.wait_for(lambda text: len(text.splitlines()) == 2 and row(text, "svcbrokerd") and row(text, "gateway-g00"), "services alone")
        screen.keys("q")
        screen.wait_for(lambda _: screen.get("alternate_on") == "0")


def marked(text):
    """The name of what is chosen, where nothing is coloured."""
    return next((line.split()[0] for line in text.splitlines() if re.match(r"\S+ +> ", line)), None)


def test_scrolls(crowd):
    """What is chosen moves, and takes what is shown with it."""
    names = ["svcbrokerd", *(f"gateway-g{number:02}" for number in range(30))]
    with tmux(crowd, rows=13, columns=90, environment=PLAIN) as screen:
        screen.command("svcctl top")
        for keys, chosen, first in ((), 1, 1), (("Down",), 2, 1), (("j", "j"), 4, 1), (("Up",), 3, 1), (("NPage",), 12, 3), \
                (("PPage",), 3, 3), (("Up", "Up"), 1, 1), (("End",), 31, 22), (("Down",), 31, 22), (("Home",), 1, 1), (("Space",), 10, 1), \
                (("Enter",), 11, 2), (("b",), 2, 2), (("G",), 31, 22), (("Up",), 30, 22), (("g",), 1, 1):
            screen.keys(*keys) if keys else None
            text = screen.wait_for(lambda text, first=first, chosen=chosen: f"rows {first} to {first + 9} of 31" in text and
                                   marked(text) == names[chosen - 1], f"row {first} and {names[chosen - 1]} after {keys}")
            lines = text.splitlines()
            assert lines[1].startswith("NAME ") and lines[2].startswith(f"{names[first - 1]} ")
        screen.keys("Escape")
        screen.keys("q")
        screen.wait_prompt()


def test_colours(tree):
    for environment, coloured in ((), True), (PLAIN, False), (("NO_COLOR=",), True):
        with tmux(tree, environment=environment) as screen:
            screen.command("svcctl top")
            screen.wait_for(shows("gateway-coder", "up"))
            assert ("\x1b[32m● up" in screen.text(colours=True)) == coloured
            assert ("\x1b[" in screen.text(colours=True)) == coloured


def test_never_flickers(tree):
    """Nothing is erased before it is written again, and each picture comes in one piece, which says where it begins and ends."""
    with terminal(tree, "hermes", "svcctl", "top") as seen:
        # Only what is sent counts here, not what it looks like.
        seen.screen.put = lambda text: None
        seen.screen.text = lambda: seen.raw
        seen.wait_for("gateway-writer")
        before = len(seen.raw)
        wait_until(lambda: seen.read(0.1) and seen.raw[before:].count("\x1b[?2026l") > 3)
        seen.type("q")
        assert seen.end() == 0
    begin, end = seen.raw.index("\x1b[?1049h\x1b[?25l"), seen.raw.index("\x1b[0m\x1b[?25h\x1b[?1049l")
    assert 0 <= begin < end
    pictures = seen.raw[begin + len("\x1b[?1049h\x1b[?25l"):end]
    assert "\x1b[J" not in pictures and "\x1b[2J" not in pictures and "\n" not in pictures
    assert re.fullmatch(r"(\x1b\[\?2026h((?!\x1b\[\?).)*\x1b\[\?2026l)+", pictures)
    # What stays as it is, is not sent again.
    assert pictures.count("NAME") == 1 and pictures.count(KEYS) == 1


def test_the_broker_is_started_again(make_tree):
    tree = make_tree()
    for name in ("coder", "writer"):
        tree.register(name)
        tree.wait_state(name, "up")
    with tmux(tree) as screen:
        screen.command("svcctl top")
        screen.wait_for(shows("gateway-writer", "up"))
        tree.kill_broker()
        screen.wait_for(lambda text: text.startswith("the broker is back; it was away for "), "that it is back")
        assert shows("gateway-coder", "up")(screen.text())
        tree.call("Stop", names=["gateway-coder"])
        screen.wait_for(shows("gateway-coder", "down"), "what the next one tells")
        tree.stop_broker()
        text = screen.wait_for(lambda text: re.match(r"the broker is away, for (?![01]s)\d[^;]*; this is how it was", text), "that it is away")
        assert shows("gateway-coder", "down")(text) and shows("gateway-writer", "up")(text)
        screen.resize(60, 12)
        screen.wait_for(lambda text: len(text.splitlines()) == 12 and text.startswith("the broker is away"), "the same, smaller")
        # What went away meanwhile is not shown for ever.
        tree.run("root", "rm", "/run/service/gateway-writer", check=True)
        tree.run("root", "s6-svscanctl", "-an", "/run/service", check=True)
        wait_until(lambda: not (tree.supervisor("gateway-writer") or tree.supervisor("gateway-writer/log")), what="nobody who writes there")
        tree.run("root", "rm", "-rf", "/run/svcbroker/services/gateway-writer", check=True)
        tree.start_broker()
        screen.wait_for(lambda text: "the broker is back" in text and "gateway-coder" in text and "gateway-writer" not in text,
                        "without what is gone")
        tree.stop_broker()
        screen.wait_for(lambda text: text.startswith("the broker is away"))
        screen.keys("q")
        screen.wait_prompt()
        tree.start_broker()


def test_names(tree):
    with tmux(tree) as screen:
        for line in ("svcctl top coder", "svcctl status --watch coder", "svcctl top --profile coder"):
            screen.command(line)
            text = screen.wait_for(shows("gateway-coder", "up"), line)
            assert "gateway-writer" not in text and "svcbrokerd" not in text and text.startswith("1 service: 1 up ")
            screen.keys("q")
            screen.wait_prompt()
        for line in ("svcctl status --watch", "svcctl list --watch"):
            screen.command(line)
            screen.wait_for(shows("gateway-writer", "up"), line)
            screen.keys("q")
            screen.wait_prompt()
        screen.command("svcctl top nobody; echo \"code $?\"")
        screen.wait_for(lambda text: "code 4" in text and "nobody" in text, "that there is none")


def test_without_a_terminal(tree):
    result = tree.run("hermes", "svcctl", "top")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("svcctl: top: needs a terminal") and "svcctl watch" in result.stderr
    with tmux(tree) as screen:
        for line in ("svcctl top | cat", "svcctl top </dev/null", "TERM=dumb svcctl top", "env -u TERM svcctl status --watch"):
            screen.command(f"clear; {line}; echo \"code ${{PIPESTATUS[0]}}\"")
            screen.wait_for(lambda text: "code 2" in text and "needs a terminal" in text, line)


def test_the_terminal_goes_away(tree):
    with tmux(tree) as screen:
        screen.command("svcctl top")
        screen.wait_for(shows("gateway-coder", "up"))
        pid = own_pid(tree)
    wait_until(lambda: pid not in tree.processes(), what="top gone")


def test_a_broker_that_does_not_answer(tree):
    pid = tree.broker_pid()
    with tmux(tree) as screen:
        tree.signal("STOP", pid)
        screen.command("svcctl top --timeout 6s; echo \"code $?\"")
        screen.wait_for(lambda text: text.startswith("asking the broker"))
        text = screen.wait_prompt()
        tree.signal("CONT", pid)
        assert "did not answer in time" in " ".join(text.split()) and "code 69" in text


def test_an_observer(make_tree):
    """Has a socket of its own, which is there a moment later than the other."""
    tree = make_tree("--observer-group", "observers")
    tree.register("coder")
    tree.wait_state("coder", "up")
    with tmux(tree, "observer") as screen:
        screen.command("svcctl top")
        screen.wait_for(shows("gateway-coder", "up"))
        for _ in range(3):
            tree.kill_broker()
            screen.wait_for(lambda text: text.startswith("the broker is back"), "that it is back")
            assert shows("gateway-coder", "up")(screen.text())


def test_a_broker_that_comes_back_and_denies(make_tree):
    tree = make_tree()
    with tmux(tree) as screen:
        screen.command("svcctl top; echo \"code $?\"")
        screen.wait_for(shows("svcbrokerd", "up"))
        tree.run("root", "chmod", "0700", "/run/svcbroker", check=True)
        tree.stop_broker()
        text = screen.wait_prompt()
        assert "permission denied" in " ".join(text.split()) and "code 5" in text
        tree.start_broker()


def test_nobody_to_go_back_to(tree):
    """Without a shell that could let it go on, as in a container's exec, Ctrl-Z does not stop it."""
    with terminal(tree, "hermes", "svcctl", "top") as seen:
        seen.screen.put = lambda text: None
        seen.screen.text = lambda: seen.raw
        seen.wait_for("gateway-writer")
        seen.type("\x1a")
        seen.wait_for(r"(?s)\x1b\[\?1049l.*\x1b\[\?1049h.*gateway-writer")
        seen.type("q")
        assert seen.end() == 0


@pytest.mark.parametrize("ends", ["TERM", "INT", "HUP"])
def test_told_to_end_in_the_background(tree, ends):
    """timeout(1) makes a group of its own of it, which stops where it would set the terminal: it ends there all the same."""
    with terminal(tree, "hermes", "timeout", "--signal", ends, "1", "svcctl", "top") as seen:
        assert seen.end() == 124
        assert "\x1b[?1049" not in seen.raw, "nothing is drawn"
