# SPDX-License-Identifier: ISC
"""svcctl logs of several: their order, what is searched for, what is followed, and what one of them cannot do to the others."""

import datetime
import itertools
import json
import os
import shutil

import pytest

from test_logs import PATIENT, WRITER, following, make_log, raw_output, stamped, svcctl
from tree import wait_until

counter = itertools.count()


@pytest.fixture(scope="module")
def tree(module_trees):
    return module_trees(*PATIENT)


@pytest.fixture
def group(tree):
    """A prefix of profiles, the names of three, and their logs."""
    prefix = f"g{next(counter)}"
    names = [f"{prefix}-{letter}" for letter in "abc"]
    for name in names:
        tree.register(name, start=False)
    yield prefix, names, [make_log(tree, name) for name in names]
    for name in names:
        tree.unregister(name)


def shown(result, code=0):
    """A list of (name, text)."""
    assert result.returncode == code, result
    lines = [line.split(" | ", 1) for line in result.stdout.splitlines()]
    return [(name.rstrip(), text.split("  ", 1)[-1]) for name, text in lines]


def gateways(*names):
    return [f"gateway-{name}" for name in names]


def test_all_by_time_with_names(tree, group):
    prefix, (a, b, c), logs = group
    for number in range(30):
        logs[number % 3].write("current", stamped(number))
        if number in (10, 20):
            logs[number % 3].rotate()
    expected = [(f"gateway-{(a, b, c)[number % 3]}", f"line {number}") for number in range(30)]
    for words in ((f"{prefix}-*",), (c, b, a), (f"gateway-{a}", f"{prefix}-[bc]"), ("--state", "down", f"{prefix}-*"), ("--wanted", "down", f"{prefix}-*")):
        result = svcctl(tree, "logs", *words)
        assert (shown(result), result.stderr) == (expected, ""), words
    assert shown(svcctl(tree, "logs", f"{prefix}-*", user="root")) == expected
    every = shown(svcctl(tree, "logs", "--all", "-n", "2147483647"))
    assert [line for line in every if line[0] in gateways(a, b, c)] == expected
    assert shown(svcctl(tree, "logs", f"{prefix}-*", "-n", "4")) == expected[-4:]
    assert shown(svcctl(tree, "logs", f"{prefix}-*", "--since", "2026-11-22 14:00:20", "--until", "2026-11-22 14:00:24.5", "-n", "3")) == expected[22:25]
    # One that is meant by a pattern has its name, too; one that is named has not.
    assert shown(svcctl(tree, "logs", f"{prefix}-a*"))[0] == expected[0]
    assert svcctl(tree, "logs", a).stdout.splitlines()[0].endswith(":00  line 0")
    documents = [json.loads(line) for line in svcctl(tree, "logs", f"{prefix}-*", "--json").stdout.splitlines()]
    assert [(document["name"], document["line"]) for document in documents] == expected


def test_what_nothing_matches(tree, group):
    prefix, (a, _, _), logs = group
    logs[0].write("current", stamped(0))
    for words in ((f"{prefix}-x*",), (f"{prefix}-*", "--state", "up"), ("none", "other")):
        result = svcctl(tree, "logs", *words)
        assert (result.returncode, result.stdout) == (4, "") and result.stderr.startswith("svcctl: "), words
    # The others are shown.
    result = svcctl(tree, "logs", a, "none")
    assert shown(result, 4) == [(f"gateway-{a}", "line 0")] and result.stderr.startswith("svcctl: none: ")


def test_search(tree, group):
    prefix, (a, b, c), logs = group
    logs[0].write("current", stamped(1, "ERROR: cannot connect") + "  at 2026 café\n" + stamped(4, "fine"))
    logs[1].write("current", stamped(2, "WARN: slow") + stamped(3, "error, in small letters"))
    logs[2].write("current", stamped(0, "x" * 16384 + "ERROR"))
    every = f"{prefix}-*"
    assert shown(svcctl(tree, "logs", every, "--grep", "ERROR|WARN")) == [(f"gateway-{a}", "ERROR: cannot connect"), (f"gateway-{b}", "WARN: slow")]
    assert shown(svcctl(tree, "logs", every, "--grep", "^(error|ERROR)[:,].*(t|s)$", "-n1")) == [(f"gateway-{b}", "error, in small letters")]
    assert shown(svcctl(tree, "logs", every, "--grep", "^  at .* caf.$", "--since", "2026-11-22 14:00:01", "--until", "2026-11-22 14:00:01")) == [
        (f"gateway-{a}", "at 2026 café")]
    assert svcctl(tree, "logs", a, "--grep", "fine").stdout == "2026-11-22 14:00:04  fine\n"
    # As journalctl: nothing found is 1, and no message. A stamp is no text, and what is cut off is not shown.
    for pattern in ("14:00:01", "ERROR$"):
        result = svcctl(tree, "logs", every, "--grep", pattern)
        assert (result.returncode, result.stdout, result.stderr) == (1, "", ""), pattern
    result = svcctl(tree, "logs", a, "--grep", "(")
    assert (result.returncode, result.stdout) == (2, "") and result.stderr.startswith("svcctl: (: ")
    assert svcctl(tree, "logs", a, "--since", "1h", "--until", "2h").returncode == 2


def test_all_files_that_the_logger_put_aside_are_searched(tree, group):
    """By s6-log itself; one line in each hundred."""
    prefix, names, logs = group
    for name, log in zip(names, logs):
        tree.run("hermes", "sh", "-euc", WRITER, "sh", f"/opt/data/logs/gateways/{name}", "2000", "0", check=True)
        assert len(os.listdir(log.directory)) > 3
    found = shown(svcctl(tree, "logs", f"{prefix}-*", "--grep", "number [0-9]*00$"))
    for name in names:
        assert [text for gateway, text in found if gateway == f"gateway-{name}"] == [f"number {number}" for number in range(100, 2001, 100)]


def test_follow_several_that_the_logger_turns_over(tree, group):
    prefix, names, logs = group
    for log in logs:
        log.write("current", "begin\n")
        os.chown(f"{log.directory}/current", 10000, 10000)
    with following(tree, "-f", "-n3", f"{prefix}-*") as line:
        assert [line() for _ in names] == [f"gateway-{name} | begin" for name in names]
        for first, last in ((0, 1000), (1000, 2000)):
            for name in names:
                tree.run("hermes", "sh", "-euc", WRITER, "sh", f"/opt/data/logs/gateways/{name}", str(last), str(first), check=True)
            seen = [line() for _ in range(3 * 1000)]
            for name in names:
                texts = [text.split("  ")[-1] for text in seen if text.startswith(f"gateway-{name} | ")]
                assert texts == [f"number {number}" for number in range(first + 1, last + 1)], name


def test_follow_what_comes(tree, group):
    """A gateway that is made later, a directory that goes and comes back, the broker that is killed; and none that is not meant."""
    prefix, (a, b, _), logs = group
    logs[0].write("current", stamped(1))
    new = f"{prefix}-new"
    now = datetime.datetime.now
    with following(tree, "-f", f"{prefix}-*") as line:
        assert line() == f"gateway-{a} | 2026-11-22 14:00:01  line 1"
        shutil.rmtree(logs[1].directory)
        tree.kill_broker()
        tree.register(f"other-{prefix}")
        tree.register(new)
        tree.wait_gateway(new)
        while not ((text := line()).startswith(f"gateway-{new} ") and "started, pid" in text):
            assert f"other-{prefix}" not in text
        os.makedirs(logs[1].directory, exist_ok=True)
        os.chmod(logs[1].directory, 0o755)
        logs[1].write("current", stamped(1, "old"))
        logs[1].write("current", stamped(0, "back", start=now() + datetime.timedelta(minutes=1)))
        while (text := line()).startswith(f"gateway-{new} "):
            pass
        assert text.startswith(f"gateway-{b} ") and text.endswith("  back")
        assert line(stop=True) != 0
    tree.unregister(new)
    tree.unregister(f"other-{prefix}")


def test_follow_until(tree, group):
    prefix, (a, _, _), logs = group
    logs[0].write("current", stamped(1) + stamped(2))
    result = svcctl(tree, "logs", "-f", f"{prefix}-*", "--until", "2026-11-22 14:00:01")
    assert shown(result) == [(f"gateway-{a}", "line 1")]
    soon = datetime.datetime.now() + datetime.timedelta(seconds=2)
    assert shown(svcctl(tree, "logs", "-f", a, b := f"{prefix}-b", "--until", f"{soon:%Y-%m-%d %H:%M:%S}")) == [
        (f"gateway-{a}", "line 1"), (f"gateway-{a}", "line 2")], b


def test_what_one_has_done_to_its_log_is_its_own(tree, group):
    """A link in the place of a directory while root asks, files that are none, rights: told of, and the others are shown."""
    prefix, (a, b, c), logs = group
    every = f"{prefix}-*"
    logs[0].write("current", stamped(1))
    tree.run("root", "sh", "-c", f"mkdir -p -m 700 /run/rootonly/{b} && echo of root >/run/rootonly/{b}/current", check=True)
    shutil.rmtree(logs[1].directory)
    os.symlink(f"/run/rootonly/{b}", logs[1].directory)
    os.mkfifo(f"{logs[2].directory}/current")
    for words in ((every,), (every, "-f", "--until", "2026-11-22 15:00"), (every, "--grep", "line|root")):
        result = svcctl(tree, "logs", *words, user="root")
        assert shown(result, 1) == [(f"gateway-{a}", "line 1")], words
        assert "behind a link, which is not followed" in result.stderr and f"{c}: " in result.stderr and "of root" not in result.stderr
    # Once, however often it is looked what there is by now.
    soon = f"{datetime.datetime.now() + datetime.timedelta(seconds=2):%Y-%m-%d %H:%M:%S}"
    assert svcctl(tree, "logs", every, "-f", "--until", soon, user="root").stderr.count("behind a link, which is not followed") == 1
    lines = [json.loads(line) for line in svcctl(tree, "logs", every, "--json", user="root").stdout.splitlines()]
    assert [line.get("error") or line["line"] for line in lines] == ["failed", "failed", "line 1"]
    assert lines[0]["parameters"] == {"name": f"gateway-{b}"}
    os.unlink(logs[1].directory)
    os.mkdir(logs[1].directory)
    os.unlink(f"{logs[2].directory}/current")
    os.chmod(logs[1].directory, 0o700)
    result = svcctl(tree, "logs", every)
    assert shown(result, 5) == [(f"gateway-{a}", "line 1")] and "permission denied" in result.stderr
    os.chown(logs[1].directory, 10000, 10000)


def test_nothing_of_a_name_or_line_reaches_the_terminal_but_text(tree, group):
    """A colour of ours for each name, and none of theirs."""
    prefix, (a, b, _), logs = group
    logs[0].write("current", stamped(0, "\x1b[31mred\x1b[2J\x07"))
    logs[1].write("current", stamped(1).encode() + b"\xed\xa0\x80\n")
    script = ("env", "-u", "LC_ALL", "-u", "LANG", "-u", "NO_COLOR", "TERM=xterm", "script", "-qec")
    result = tree.run("hermes", *script, f"svcctl logs '{prefix}-*'", "/dev/null")
    first, _, third = result.stdout.replace("\r", "").splitlines()
    assert first == f"\x1b[36mgateway-{a}\x1b[0m | 2026-11-22 14:00:00  red\\x1b[2J\\x07"
    assert third == f"\x1b[33mgateway-{b}\x1b[0m | \\xed\\xa0\\x80"
    assert b"\x1b" not in raw_output(tree, "logs", f"{prefix}-*")
    documents = svcctl(tree, "logs", f"{prefix}-*", "--json").stdout
    assert documents.isascii() and json.loads(documents.splitlines()[-1])["line"] == "\ufffd" * 3


def test_memory_is_bounded(tree, group):
    """Whatever there is of files and lines, how many of them are asked for, and what is searched."""
    prefix, names, logs = group
    for log in logs:
        log.write("current", b"x" * (4 << 20) + b"\n" + b"yyyyyyyy\n" * 200000)
    if "__asan_init" in open(tree.path("/usr/local/bin/svcctl"), "rb").read().decode("latin-1"):
        pytest.skip("a sanitizer needs room of its own")
    for words, lines in (("-n 500000", 500000), ("--grep '^y{8}$'", 600000), ("--grep y -n 700000", 600000), ("-n 20", 20)):
        result = tree.run("hermes", "bash", "-c", f"ulimit -v 65536; svcctl logs '{prefix}-*' {words} | wc -l")
        assert (result.stdout, result.stderr) == (f"{lines}\n", ""), words
