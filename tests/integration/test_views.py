# SPDX-License-Identifier: ISC
"""What svcctl list, status NAME and why NAME look like, in terminals of several widths and elsewhere."""

import contextlib
import itertools
import re
import shlex
import subprocess

import pytest

from test_crash import LONG_BRAKE
from tree import SLOW_TO_SETTLE, TOP, wait_until

UTF8 = "LANG=C.UTF-8"


@pytest.fixture(scope="module")
def tree(module_trees):
    """One that keeps ending, one that failed, one that is up, and one that was never started."""
    tree = module_trees("--backoff-first-msec", "3000000", "--backoff-most-msec", "3000000", before=LONG_BRAKE)
    tree.register("ends", environment={"GATEWAY_TEST": "exit:1"})
    tree.register("misled", environment={"GATEWAY_TEST": "exit:78"})
    tree.register("good")
    tree.register("new", start=False)
    tree.wait_state("good", "up")
    tree.wait_state("misled", "failed")
    wait_until(lambda: "keeps ending" in tree.state("ends").get("reason", ""), what="the brake")
    return tree


counter = itertools.count()
ENDED = "it has ended"


class Tmux:
    """A terminal with a command in it, and what is to be seen there."""

    def __init__(self, socket):
        self.socket = socket

    def command(self, *arguments):
        return subprocess.run(["tmux", "-u", "-f", "/dev/null", "-S", self.socket, *arguments], check=True, cwd=TOP,
                              capture_output=True, text=True).stdout

    def capture(self, *options):
        text = self.command("capture-pane", "-p", "-S", "-", *options)
        return [line.rstrip() for line in text.rstrip("\n").split("\n")]

    def end(self):
        """What is there when the command has ended: the title comes in the terminal's own bytes, behind all that the command has written.
        (Of a pane whose last process is gone, tmux closes the terminal, and may lose what the kernel has not passed on yet.)"""
        wait_until(lambda: self.command("display-message", "-p", "#{pane_title}").strip() == ENDED, what="its end")
        return self.capture()


@contextlib.contextmanager
def tmux(tree, directory, columns, *command, environment=(UTF8,), lines=60):
    # Each has a server of its own, since one that is killed answers for a moment yet.
    terminal = Tmux(str(directory / f"tmux-{next(counter)}"))
    inside = shlex.join(["env", "-u", "NO_COLOR", *environment, *command])
    script = f'. tools/lib/tree.sh; tree_pid={tree.pid}; (tree_enter hermes {inside}); printf "\\033]2;{ENDED}\\033\\\\"; exec sleep infinity'
    terminal.command("start-server", ";", "set", "-g", "status", "off", ";",
                     "new-session", "-d", "-x", str(columns), "-y", str(lines), "bash", "-c", script)
    try:
        yield terminal
    finally:
        terminal.command("kill-server")


def shown(tree, directory, columns, *command, **others):
    with tmux(tree, directory, columns, *command, **others) as terminal:
        return terminal.end()


def rows(lines):
    """The table without its headings and its footer, and what of a reason stands below a row joined to it."""
    table = lines[1:lines.index("")]
    joined = []
    for line in table:
        if line.startswith("    "):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


ENDS = "it keeps ending: with exit code 1; attempt 1 waits 3000 s"


def test_a_wide_terminal_shows_everything_in_a_row(tree, tmp_path):
    lines = shown(tree, tmp_path, 200, "svcctl", "list")
    assert re.fullmatch(r"NAME +STATE +FOR +PID +RESTARTS +LAST EXIT +RETRY +REASON", lines[0])
    table = lines[1:lines.index("")]
    assert [line.split()[0] for line in table] == ["gateway-misled", "gateway-ends", "gateway-good", "svcbrokerd", "gateway-new"]
    assert re.fullmatch(r"gateway-misled +✗ failed +(\d+m )?\d+s +0 +exit 78 +configuration error \(exit code 78\): .*, then start it", table[0])
    assert re.fullmatch(rf"gateway-ends +↻ backoff +(\d+m )?\d+s +\d+ +exit 1 +in 4\dm( \d+s)? +{re.escape(ENDS)}", table[1])
    assert re.fullmatch(r"gateway-good +● up +(\d+m )?\d+s +\d+ +0", table[2])
    assert re.fullmatch(r"gateway-new +○ down +(\d+m )?\d+s +0", table[4])
    assert lines[-1] == "2 of 5 need attention: 1 failed, 1 backoff; 'svcctl why gateway-misled' tells more"


@pytest.mark.parametrize("columns,headings", [
    (80, ["NAME", "STATE", "FOR", "PID", "RESTARTS", "LAST", "EXIT", "RETRY"]), (40, ["NAME", "STATE", "FOR"])])
def test_a_narrow_one_wraps_reasons(tree, tmp_path, columns, headings):
    lines = shown(tree, tmp_path, columns, "svcctl", "status")
    assert lines[0].split() == headings
    table = rows(lines)
    assert len(table) == 5, "no line is wrapped by the terminal"
    assert re.match(r"gateway-ends +↻ backoff ", table[1]) and table[1].endswith(ENDS)
    assert re.search(r" in 4\dm", table[1])
    assert not [line for line in table if "…" in line]


def test_the_c_locale_is_ascii(tree, tmp_path):
    for environment in (("LANG=C",), ("LC_ALL=C", UTF8), ("LC_ALL=en_US.ISO-8859-1", UTF8)):
        text = "\n".join(shown(tree, tmp_path, 80, "svcctl", "list", environment=environment))
        assert text.isascii() and "x failed" in text and "! backoff" in text and "* up" in text and "- down" in text, text


def on_a_terminal(tree, columns, command, environment=(UTF8,)):
    """What svcctl writes there, without colours."""
    result = tree.run("hermes", "env", *environment, "TERM=xterm", "script", "-qec", f"stty cols {columns}; svcctl {command}", "/dev/null")
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout.replace("\r", ""))


@pytest.mark.parametrize("columns", [30, 40, 60, 79, 80, 100, 200])
def test_what_is_broken_is_broken_between_words(tree, columns):
    """Not by the terminal: no line is wider, of what has no log line or path in it."""
    tree.register("x" * 60, start=False)
    for command in ("list", "health", "doctor", "reconcile --dry-run", "why ends", "why nosuch", *(["--help"] if columns > 78 else [])):
        lines = on_a_terminal(tree, columns, command).splitlines()
        wide = [line for line in lines if len(line) > columns and " " in line.strip()]
        assert lines and not wide, (command, wide)
        assert not [line for line in lines if line.endswith(" ")], command
    tree.unregister("x" * 60)


FOREIGN = "служба日本"


def test_text_beyond_ascii(make_tree):
    """A table, a page, sentences, errors and the doctor: for a person, and for grep."""
    home = f"/opt/{FOREIGN}"
    tree = make_tree("--hermes-home", home, profiles="", before=f"mkdir -p {home}/profiles/{FOREIGN}; : >{home}/profiles/{FOREIGN}/SOUL.md; "
                     f"chown -R hermes:hermes {home}")
    tree.register("coder", start=False)
    escaped = "".join(f"\\x{byte:02x}" for byte in FOREIGN.encode())
    for command in ("reconcile --dry-run", "status coder", "doctor", f"start {FOREIGN}", f"logs {FOREIGN}", f"why {FOREIGN}",
                    f"register {FOREIGN}", f"{FOREIGN}", f"call {FOREIGN}", f"--socket /{FOREIGN} list", f"list --{FOREIGN}"):
        for environment in (("LC_ALL=C",), ("-u", "LC_ALL", "-u", "LC_CTYPE", "-u", "LANG")):
            words = ["env", *environment, "svcctl", *command.split()]
            result = tree.run("hermes", *words)
            assert FOREIGN in result.stdout + result.stderr, (words, result)
            text = on_a_terminal(tree, 100, command, environment)
            assert FOREIGN in text and "\\x" not in text, (words, text)
        text = on_a_terminal(tree, 200, command, ("LC_ALL=ru_RU.KOI8-R",))
        assert escaped in text and text.isascii(), (command, text)
    for width in (18, 20, 24, 40):  # wide characters are broken between, never in the middle
        for command in ("doctor", "reconcile --dry-run", "status coder"):
            assert "\ufffd" not in on_a_terminal(tree, width, command)


def test_no_locale_is_utf8(tree, tmp_path):
    """As docker exec has it."""
    for environment in (("-u", "LC_ALL", "-u", "LC_CTYPE", "-u", "LANG"), ("LC_ALL=", "LC_CTYPE=UTF-8"), ("LANG=en_US",)):
        text = "\n".join(shown(tree, tmp_path, 80, "svcctl", "list", environment=environment))
        assert "✗ failed" in text and "● up" in text, text


@pytest.mark.parametrize("environment,coloured", [
    ((), True), (("NO_COLOR=",), True), (("NO_COLOR=1",), False), (("TERM=dumb",), False), (("-u", "TERM"), False)])
def test_colours(tree, tmp_path, environment, coloured):
    for command in ("list", "status ends"):
        with tmux(tree, tmp_path, 80, "svcctl", *command.split(), environment=(UTF8, *environment)) as terminal:
            terminal.end()
            text = "\n".join(terminal.capture("-e"))
            assert ("\x1b[31m↻" in text) == coloured and ("\x1b" in text) == coloured, text


def test_a_pipe_gets_it_plain(tree):
    wide = tree.run("hermes", "env", UTF8, "TERM=xterm", "COLUMNS=40", "svcctl", "list").stdout
    assert wide.isascii() and "\x1b" not in wide
    table = wide.splitlines()
    assert len(table) == 8 and table[6] == ""
    assert re.fullmatch(rf"gateway-ends +backoff +(?:\d+m )?\d+s .* {re.escape(ENDS)}", table[2])


def test_a_page(tree, tmp_path):
    lines = shown(tree, tmp_path, 80, "svcctl", "status", "ends", environment=(UTF8, "TZ=UTC"))
    gap = lines.index("")
    page = "\n".join(lines[:gap])
    log = lines[gap + 1:]
    assert re.match(r"name          gateway-ends\nstate         ↻ backoff for (\d+m )?\d+s\nsince         \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", page)
    for line in (f"reason        {ENDS}", "wanted        up, which it is not", "log           /opt/data/logs/gateways/ends"):
        assert f"\n{line}\n" in page
    assert re.search(r"\nnext start    in 4\dm( \d+s)?\n", page) and re.search(r"\nlast exit     exit 1, (\d+m )?\d+s ago\n", page)
    assert "\nto do         'svcctl logs gateway-ends' shows" in page
    assert len(log) >= 10 and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \S.*", log[0])
    assert "PERMANENT FAILURE" in "".join(log)
    for profile, code in (("ends", 3), ("good", 0), ("new", 3)):
        assert tree.run("hermes", "svcctl", "status", profile).returncode == code


def test_a_page_narrow(tree, tmp_path):
    lines = shown(tree, tmp_path, 40, "svcctl", "status", "misled")
    assert "log           /opt/data/logs/gateways/mi" in lines, "a path is the terminal's to break"
    reason = lines.index(next(line for line in lines if line.startswith("reason")))
    assert lines[reason + 1].startswith(" " * 14) and len(lines[reason + 1]) <= 40


ELSEWHERE = "what it prints now goes to the container's log only"


def test_a_log_that_cannot_be_read(tree, profile):
    tree.register(profile)
    tree.wait_state(profile, "up")
    tree.wait_gateway(profile)  # and its logger has a directory, with the line of its start
    directory = f"/opt/data/logs/gateways/{profile}"
    tree.run("root", "chown", "-R", "root:root", directory, check=True)
    tree.run("root", "chmod", "700", directory, check=True)
    result = tree.run("hermes", "svcctl", "status", profile)
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.endswith("\n\nits log may not be read: permission denied\n") or ELSEWHERE in result.stdout
    # Once the broker has seen that the logger cannot use it, the lines are not shown as if they were the newest.
    shown = tree.run("root", "svcctl", "status", profile).stdout
    assert shown.count(f"gateway {profile}: started") == 1 or ELSEWHERE in shown
    tree.run("root", "sh", "-c", f"mv {directory} {directory}.away", check=True)
    result = tree.run("hermes", "svcctl", "status", profile)
    assert result.returncode == 0 and (result.stdout.endswith("\n\nno log yet\n") or ELSEWHERE in result.stdout)


def test_a_log_cannot_steer_the_terminal(tree, profile):
    tree.register(profile, environment={"GATEWAY_INTERVAL": "3600"})  # no line of its own comes behind those that the test writes
    tree.wait_state(profile, "up")
    tree.wait_gateway(profile)
    file = f"/opt/data/logs/gateways/{profile}/current"
    tree.run("hermes", "sh", "-c", f"printf '\\033[2J\\033]0;title\\007\\342\\200\\256\\n' >>{file}", check=True)
    shown_last = tree.run("hermes", "svcctl", "status", profile).stdout.splitlines()[-1]
    assert shown_last == r"\x1b[2J\x1b]0;title\x07\xe2\x80\xae"
    # Who may write there can put anything in its place, also what never ends.
    tree.run("hermes", "sh", "-c", f"rm {file}; mkfifo {file}", check=True)
    result = tree.run("hermes", "svcctl", "status", profile)
    assert result.returncode == 0 and result.stdout.endswith("\n\nits log cannot be read\n")


def test_why(tree, tmp_path):
    def why(name):
        result = tree.run("hermes", "svcctl", "why", name)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout.splitlines()

    happened, coming, advice, past = why("ends")
    assert re.fullmatch(rf"gateway-ends has not run for (\d+m )?\d+s: {re.escape(ENDS)}\. It was restarted \d+ times; its last run ended with exit 1, "
                        r"(\d+m )?\d+s ago\.", happened)
    assert coming.startswith("It is started again in 4") and "'svcctl start gateway-ends' tries at once" in advice
    assert re.fullmatch(r"It ended \d+ times in 24 h that nobody ordered: exit 1 \d+ times; 'svcctl history' tells more\.", past)
    happened, coming, advice, past = why("misled")
    assert "(configuration error)" in happened and coming.startswith("It is not started again") and "'svcctl start gateway-misled'" in advice
    assert past.startswith("It ended once in 24 h that nobody ordered: exit 78 once")
    assert [line.split(".")[0] for line in why("good")][1] == "If it ends, it is started again"
    assert len(why("good")) == 2 and len(why("new")) == 3
    assert "svcbrokerd has been up" in why("svcbrokerd")[0]
    lines = shown(tree, tmp_path, 40, "svcctl", "why", "ends")
    assert " ".join(lines).startswith("gateway-ends has not run for") and not any(line.startswith(" ") for line in lines)


def words_of(lines):
    """Without how much room there is: a line more in the container's log may take a page between two looks."""
    return re.sub(r"\d+ KiB and \d+ inodes left", "room left", " ".join(" ".join(lines).split())).split()


@pytest.mark.parametrize("columns", [80, 100, 40])
def test_doctor_on_a_terminal(tree, tmp_path, columns):
    """No word is broken, and what is not well comes last."""
    plain = tree.run("hermes", "svcctl", "doctor").stdout.splitlines()
    lines = shown(tree, tmp_path, columns, "svcctl", "doctor", lines=200)
    longest = max(len(word) for line in plain for word in line.split())
    assert longest < columns and all(len(line) <= columns for line in lines)
    assert words_of(lines) == words_of(plain)
    verdicts = [line.split()[0] for line in lines if re.match(r"(ok|warning|failure) ", line)]
    assert verdicts == sorted(verdicts, key=["ok", "warning", "failure"].index) and verdicts[-1] != "ok"
    assert re.fullmatch(r"\d+ checks: \d+ ok, \d+ warnings?, \d+ failures?", lines[-1])


def test_messages_on_a_terminal(tree, tmp_path):
    lines = shown(tree, tmp_path, 40, "svcctl", "start", "nobody-of-that-name")
    assert len(lines) > 1 and all(len(line) <= 40 for line in lines) and all(line.startswith(" " * 8) for line in lines[1:])
    assert " ".join(" ".join(lines).split()) + "\n" == tree.run("hermes", "svcctl", "start", "nobody-of-that-name").stderr


def test_held_and_reset(make_tree):
    tree = make_tree(*SLOW_TO_SETTLE)
    tree.register("ends", environment={"GATEWAY_TEST": "exit:78"})
    tree.wait_state("ends", "failed")
    assert tree.run("hermes", "svcctl", "reset", "ends").returncode == 0
    text = tree.run("hermes", "svcctl", "why", "ends").stdout
    assert "held down" in text and "its failures were forgotten" in text and "'svcctl start gateway-ends' starts it." in text
    assert "1 of" in tree.run("hermes", "svcctl", "list").stdout.splitlines()[-1]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_long_name_among_outcomes(make_tree, columns):
    """It is cut where its row is wider than the terminal, and the other rows are not as wide as it."""
    tree = make_tree()
    for name in ("a", "b" * 63, "c" * 200, "d" * 243):
        tree.register(name)
    for command, state in (("stop --all", "down"), ("start --all", "up"), (f"stop {'c' * 200} a", "down")):
        lines = [line for line in on_a_terminal(tree, columns, command).splitlines() if line]
        assert len(lines) == (2 if "a" == command[-1] else 4) and all(len(line) <= max(columns, 44) for line in lines), lines
        assert all(re.match(rf"(a *|b+…b+|c+…c+|d+…d+)  {state}\b", line) for line in lines), lines
        assert any("…c" in line for line in lines), lines
    plain = tree.run("hermes", "svcctl", "start", "--all").stdout
    assert "c" * 200 in plain and "…" not in plain
