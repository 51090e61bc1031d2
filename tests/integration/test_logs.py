# SPDX-License-Identifier: ISC
"""svcctl logs: which lines of which files, when, and what may not come out of them."""

import base64
import contextlib
import datetime
import json
import os
import queue
import subprocess
import threading
import time

import pytest

import idl
from tree import TOP, wait_until
from varlink import HANG_SEC

LINES_SHOWN = 50
LINES_BEFORE_FOLLOWING = 10


def svcctl(tree, *arguments, user="hermes", environment=()):
    return tree.run(user, "env", *environment, "svcctl", *arguments)


def label(number):
    """A name that s6-log could give: they sort by time."""
    return f"@{0x4000000065000000 + number:016x}{0:08x}.s"


def stamped(number, text=None, start=datetime.datetime(2026, 11, 22, 14, 0, 0)):
    """Line number `number` of a log, a second after the one before."""
    when = start + datetime.timedelta(seconds=number)
    return f"{when:%Y-%m-%d %H:%M:%S}.{number:09d}  {f'line {number}' if text is None else text}\n"


PATIENT = ("--backoff-first-msec", "600000", "--backoff-most-msec", "600000")  # a logger that is down stays so


@pytest.fixture(scope="module")
def tree(module_trees):
    return module_trees(*PATIENT)


@pytest.fixture
def log(tree, profile):
    """A gateway that is down, and the directory of its log, seen from outside."""
    tree.register(profile, start=False)
    return make_log(tree, profile)


def make_log(tree, profile):
    directory = tree.path(f"/opt/data/logs/gateways/{profile}")
    # The logger must not write what the test wants to write.
    tree.begin_logger(profile)
    wait_until(lambda: os.path.exists(f"{directory}/current"), what="the log")

    def stopped():
        """A broker that has not seen it run takes its own order for lost, and gives it again: not so one that waits with the next."""
        tree.run("root", "s6-svc", "-wD", "-d", f"/run/service/gateway-{profile}/log", check=True)
        return f"logger: backoff: service=gateway-{profile} " in tree.log()

    wait_until(stopped, what="the logger's end")
    for name in os.listdir(directory):
        os.unlink(f"{directory}/{name}")
    os.chmod(directory, 0o755)
    return Log(directory)


class Log:
    def __init__(self, directory):
        self.directory = directory
        self.rotations = 0

    def write(self, name, text):
        with open(f"{self.directory}/{name}", "ab") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    def rotate(self):
        """As s6-log does it."""
        self.rotations += 1
        os.rename(f"{self.directory}/current", f"{self.directory}/previous")
        self.write("current", "")
        os.rename(f"{self.directory}/previous", f"{self.directory}/{label(self.rotations)}")


def texts(result):
    assert (result.returncode, result.stderr) == (0, ""), result
    return [line.split("  ", 1)[1] for line in result.stdout.splitlines()]


def numbered(numbers):
    return [f"line {number}" for number in numbers]


@pytest.fixture
def long_log(log):
    """120 lines over three files."""
    for number in range(120):
        log.write("current", stamped(number))
        if number in (39, 79):
            log.rotate()
    return log


def test_what_a_gateway_prints(tree, profile):
    tree.register(profile, environment={"GATEWAY_INTERVAL": "100000"})  # nothing more, between two looks
    tree.wait_gateway(profile)
    result = svcctl(tree, "logs", profile)
    assert (result.returncode, result.stderr) == (0, "")
    (line,) = [line for line in result.stdout.splitlines() if "started, pid" in line]
    now = datetime.datetime.now()
    assert abs(now - datetime.datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S")).total_seconds() < 100
    assert line[19:21] == "  "
    assert svcctl(tree, "logs", f"gateway-{profile}").stdout == result.stdout
    assert svcctl(tree, "logs", profile, user="root").stdout == result.stdout


def test_the_last_lines_over_rotated_files(tree, profile, long_log):
    assert texts(svcctl(tree, "logs", profile)) == numbered(range(120 - LINES_SHOWN, 120))
    for count in (0, 1, 39, 40, 41, 80, 81, 119, 120, 121, 2147483647):
        assert texts(svcctl(tree, "logs", profile, "-n", str(count))) == numbered(range(max(0, 120 - count), 120)), count


def test_since(tree, profile, long_log):
    assert texts(svcctl(tree, "logs", profile, "--since", "2026-11-22 14:00:39")) == numbered(range(39, 120))
    assert texts(svcctl(tree, "logs", profile, "--since", "2026-11-22 14:00:39", "-n", "3")) == numbered(range(117, 120))
    assert texts(svcctl(tree, "logs", profile, "--since", "2026-11-22 14:01:58", "-n", "3")) == numbered(range(118, 120))
    assert texts(svcctl(tree, "logs", profile, "--since", "2026-11-22 14:02")) == []
    assert texts(svcctl(tree, "logs", profile, "--since", "2000-01-01")) == numbered(range(120))
    long_log.write("current", f"{datetime.datetime.now() - datetime.timedelta(minutes=5):%Y-%m-%d %H:%M:%S}.000000000  older\n")
    long_log.write("current", f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}.000000000  new\nof no time\n")
    result = svcctl(tree, "logs", profile, "--since", "2m")
    assert [line.split("  ")[-1] for line in result.stdout.splitlines()] == ["new", "of no time"]


def test_stamps_are_shown_in_local_time(tree, profile, long_log):
    here = svcctl(tree, "logs", profile, "-n1").stdout
    assert here.startswith("2026-11-22 14:01:59  ")
    # The machine's zone is that of the stamps.
    offset = datetime.datetime(2026, 11, 22, 14, 1, 59).astimezone().utcoffset()
    there = datetime.datetime(2026, 11, 22, 14, 1, 59) - offset + datetime.timedelta(hours=5, minutes=30)
    result = svcctl(tree, "logs", profile, "-n2", environment=("TZ=IST-5:30",))
    assert result.stdout.splitlines()[1].startswith(f"{there:%Y-%m-%d %H:%M:%S}  "), result.stdout
    assert texts(svcctl(tree, "logs", profile, "--since", f"{there:%Y-%m-%dT%H:%M:%S}", environment=("TZ=IST-5:30",))) == ["line 119"]


def test_json_lines(tree, profile, log):
    log.write("current", stamped(1) + "no stamp \\ \"\n" + stamped(3, "\x1b[31mä\0") + "half")
    result = svcctl(tree, "logs", profile, "--json")
    assert result.stdout.isascii()
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    at_usec = int(datetime.datetime(2026, 11, 22, 14, 0, 1).timestamp()) * 1000000
    name = f"gateway-{profile}"
    assert documents == [
        {"name": name, "at_usec": at_usec, "line": "line 1"}, {"name": name, "line": "no stamp \\ \""},
        {"name": name, "at_usec": at_usec + 2000000, "line": "\x1b[31mä\0"}, {"name": name, "line": "half"}]


# Bytes that are no UTF-8, by kind, and what may be next to them.
BAD_UTF8 = [b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf", b"\xf0\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80", b"\xf7\xbf\xbf\xbf", b"\xf8\x88\x80\x80\x80", b"\xfe\xff", b"\x80", b"\xbf", b"\xff"]
WHOLE_UTF8 = ["é", "€", "😀", "\U0010ffff", "\ud7ff", "\ue000"]


def jq_lines(tree, *arguments):
    """What jq makes of the stream, one value a line: it stops for good at what is no JSON, and some versions do at a lone surrogate."""
    result = tree.run("hermes", "bash", "-euc", 'set -o pipefail; svcctl "$@" | jq -c .line', "bash", *arguments)
    assert (result.returncode, result.stderr) == (0, ""), result
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_of_bytes_that_are_no_text(tree, profile, log):
    """Strict JSON, whatever a gateway prints: each kind of bad UTF-8, and good UTF-8 cut at each place."""
    pieces = BAD_UTF8 + [text.encode()[:length] for text in WHOLE_UTF8 for length in range(1, len(text.encode()))]
    expected = []
    for piece in pieces:
        for before, after in ((b"", b""), (b"a", b"z"), ("é".encode(), "😀".encode())):
            log.write("current", before + piece + after + b"\n")
            expected.append(before.decode() + "\ufffd" * len(piece) + after.decode())
    for text in WHOLE_UTF8:
        log.write("current", f"{text}\n")
        expected.append(text)
    result = svcctl(tree, "logs", profile, "--json", "-n", "1000")
    assert result.stdout.isascii() and [idl.strict_json(line)["line"] for line in result.stdout.splitlines()] == expected
    assert jq_lines(tree, "logs", profile, "--json", "-n", "1000") == expected


@pytest.mark.parametrize("character", ["é", "€", "😀"])
def test_a_cut_is_between_characters(tree, profile, log, character):
    """For each offset of the bound in it."""
    size = len(character.encode())
    for shift in range(size):
        log.write("current", "a" * shift + character * (16384 // size + 2) + "\n")
    lines = jq_lines(tree, "logs", profile, "--json")
    assert lines == ["a" * shift + character * ((16384 - shift) // size) for shift in range(size)]
    shown = svcctl(tree, "logs", profile).stdout.splitlines()
    assert shown == [f"{line} [cut]" for line in lines]


CONTROLS = "\x1b[1;31mred\x1b[0m\ttab \x1b[2J \x1b]0;title\x07 \r \x9b31m \\ ü"
NO_LOCALE = ("-u", "LC_ALL", "-u", "LC_CTYPE", "-u", "LANG")


def raw_output(tree, *arguments, environment=()):
    """The bytes, which need not be UTF-8."""
    result = tree.run("hermes", "bash", "-c", 'env "$@" | base64 -w0', "bash", *environment, "svcctl", *arguments)
    assert result.stderr == ""
    return base64.b64decode(result.stdout)


def test_a_pipe_gets_all_but_control_characters(tree, profile, log):
    """Whatever the locale says: what is searched for is found."""
    log.write("current", stamped(0, CONTROLS) + "日本語 \u200b😀\n")
    log.write("current", b"\xff\xfe caf\xe9 \xed\xa0\x80\0\n")
    for environment in (NO_LOCALE, ("LC_ALL=C",), ("LC_CTYPE=UTF-8",), ("LC_ALL=C.UTF-8",), ("LC_ALL=de_DE.ISO-8859-1",)):
        first, second, third, _ = raw_output(tree, "logs", profile, environment=environment).split(b"\n")
        assert first.split(b"  ", 1)[1].decode() == "red\ttab \\x1b[2J \\x1b]0;title\\x07 \\x0d \\xc2\\x9b31m \\ ü"
        assert second.decode() == "日本語 \u200b😀"
        assert third == b"\xff\xfe caf\xe9 \xed\xa0\x80\\x00"
        assert raw_output(tree, "status", profile, environment=environment).split(b"\n")[-3] == second
    assert tree.run("hermes", "bash", "-c", f"svcctl logs {profile} | grep -c 日本").stdout == "1\n"


def test_raw_is_as_it_was_written(tree, profile, log):
    log.write("current", stamped(0, CONTROLS))
    log.write("current", b"\xff\xfe\0 \xed\xa0\x80\n")
    lines = raw_output(tree, "logs", profile, "--raw").split(b"\n")
    assert lines == [f"2026-11-22 14:00:00  {CONTROLS}".encode(), b"\xff\xfe\0 \xed\xa0\x80", b""]
    assert svcctl(tree, "logs", profile, "--raw", "--json").returncode == 2
    assert svcctl(tree, "status", profile, "--raw").returncode == 2


@pytest.mark.parametrize("environment,utf8", [
    (NO_LOCALE, True), (("LC_CTYPE=UTF-8",), True), (("LANG=en_US",), True), (("LC_ALL=C.UTF-8",), True),
    (("LC_ALL=C",), True), (("LC_ALL=POSIX",), True), (("LC_ALL=ru_RU.KOI8-R",), False), (("LC_ALL=de_DE.ISO-8859-1",), False)])
def test_nothing_of_a_line_reaches_the_terminal_but_text(tree, profile, log, environment, utf8):
    log.write("current", stamped(0, CONTROLS))
    log.write("current", b"\xff\xfe\0\n")
    result = tree.run("hermes", "env", *NO_LOCALE, *environment, "TERM=xterm", "script", "-qec", f"svcctl logs {profile}", "/dev/null")
    first, second = result.stdout.splitlines()
    assert first.split("  ", 1)[1] == "red\ttab \\x1b[2J \\x1b]0;title\\x07 \\x0d \\xc2\\x9b31m \\\\ " + ("ü" if utf8 else "\\xc3\\xbc")
    assert second == "\\xff\\xfe\\x00"


def test_long_lines_are_cut(tree, profile, log):
    log.write("current", "a" * 16384 + "\n" + "b" * 16385 + "\n" + "c" * (3 << 20) + "\n" + stamped(1))
    lines = svcctl(tree, "logs", profile).stdout.splitlines()
    assert lines == ["a" * 16384, "b" * 16384 + " [cut]", "c" * 16384 + " [cut]", "2026-11-22 14:00:01  line 1"]
    assert [json.loads(line).get("cut") for line in svcctl(tree, "logs", profile, "--json").stdout.splitlines()] == [None, True, True, None]


def test_memory_is_bounded(tree, profile, log):
    for _ in range(8):
        log.write("current", b"x" * (8 << 20))
    result = tree.run("hermes", "bash", "-c", f"ulimit -v 65536; svcctl logs {profile} | wc -c")
    if "__asan_init" not in open(tree.path("/usr/local/bin/svcctl"), "rb").read().decode("latin-1"):
        assert result.stdout.strip() == str(16384 + len(" [cut]\n")), result


def test_only_regular_files_are_read(tree, profile, log):
    with open(f"{log.directory}/secret", "w") as file:
        file.write("secret\n")
    os.symlink("secret", f"{log.directory}/{label(1)}")
    os.mkfifo(f"{log.directory}/{label(2)}")
    os.mkdir(f"{log.directory}/{label(3)}")
    os.link(f"{log.directory}/secret", f"{log.directory}/@400000.s")
    log.write(label(4), stamped(1))
    log.write("current", stamped(2))
    assert texts(svcctl(tree, "logs", profile)) == numbered([1, 2])
    os.unlink(f"{log.directory}/current")
    os.symlink("secret", f"{log.directory}/current")
    result = svcctl(tree, "logs", profile)
    assert result.returncode == 1 and "secret" not in result.stdout
    said = f"svcctl: /opt/data/logs/gateways/{profile}: current in it is no plain file: see what is in its place\n"
    assert result.stderr == said
    os.unlink(f"{log.directory}/current")
    os.mkfifo(f"{log.directory}/current")
    result = svcctl(tree, "logs", profile)
    assert (result.returncode, result.stderr) == (1, said)


@pytest.mark.parametrize("name", ["logs", "logs/gateways", "logs/gateways/coder"])
def test_root_follows_no_link_of_the_client_s(make_tree, name):
    """In the place of a directory below the top of the volume: root may read what is behind it, and hermes not."""
    tree = make_tree(*PATIENT)
    tree.register("coder", start=False)
    log = make_log(tree, "coder")
    log.write("current", stamped(1))
    assert texts(svcctl(tree, "logs", "coder", user="root")) == numbered([1])
    behind = f"/run/rootonly/{name}"
    tree.run("root", "sh", "-c", "mkdir -p -m 700 /run/rootonly/logs/gateways/coder && echo of root >/run/rootonly/logs/gateways/coder/current", check=True)
    tree.run("hermes", "sh", "-ec", f"mv {name} kept; ln -s {behind} {name}", check=True)
    for words in (("logs", "coder"), ("logs", "coder", "--json"), ("logs", "coder", "-f"), ("status", "coder")):
        result = svcctl(tree, *words, user="root")
        assert "of root" not in result.stdout and "behind a link, which is not followed" in result.stdout + result.stderr, result
        assert result.returncode == (3 if words[0] == "status" else 1), result
    tree.run("hermes", "sh", "-ec", f"rm {name}; ln -s /opt/data/kept {name}", check=True)
    assert svcctl(tree, "logs", "coder", user="root").returncode == 1
    if name != "logs/gateways/coder":
        assert texts(svcctl(tree, "logs", "coder")) == numbered([1])


def test_the_newest_of_very_many_files(tree, profile, log):
    """LOGDIR_FILES_MAX of them."""
    for number in range(200):
        log.write(label((number * 77) % 200), stamped((number * 77) % 200))
    log.write("current", stamped(200))
    assert texts(svcctl(tree, "logs", profile, "-n", "1000")) == numbered(range(200 - 128, 201))


def test_no_log(tree, profile):
    result = svcctl(tree, "logs", "svcbrokerd")
    assert result.returncode == 1 and result.stderr.startswith("svcctl: svcbrokerd: ") and "log directory" in result.stderr
    assert json.loads(svcctl(tree, "logs", "svcbrokerd", "--json").stdout)["error"] == "failed"
    result = svcctl(tree, "logs", "nobody-here")
    assert result.returncode == 4 and result.stderr.startswith("svcctl: nobody-here: ")
    result = svcctl(tree, "logs", "--socket", "/nonexistent", profile)
    assert result.returncode == 69 and result.stdout == ""


def test_the_callers_own_rights(module_trees, profile):
    tree = module_trees("--observer-group", "observers", *PATIENT)
    tree.register("mine", start=False)
    log = make_log(tree, "mine")
    log.write("current", stamped(1))
    assert texts(svcctl(tree, "logs", "mine", user="observer")) == numbered([1])
    os.chmod(log.directory, 0o700)
    result = svcctl(tree, "logs", "mine", user="observer")
    assert result.returncode == 5 and "permission denied" in result.stderr
    tree.run("root", "rm", "-r", "/opt/data/logs/gateways/mine", check=True)
    result = svcctl(tree, "logs", "mine")
    assert (result.returncode, result.stdout) == (0, ""), "one that never ran has none yet"


@contextlib.contextmanager
def following(tree, *arguments, user="hermes"):
    """A function that returns the next line of what it prints. With stop=True it is interrupted: its exit code."""
    process = subprocess.Popen(
        ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(tree.pid), user, "svcctl", "logs", *arguments],
        cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    lines = queue.Queue()

    def read():
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    reader = threading.Thread(target=read)
    reader.start()

    def line(stop=False):
        if stop:
            own = [pid for pid, (text, _, _) in tree.processes().items() if text == " ".join(["svcctl", "logs", *arguments])]
            tree.signal("INT", *own)
            return process.wait(HANG_SEC)
        try:
            return lines.get(timeout=HANG_SEC)
        except queue.Empty:
            raise AssertionError("nothing more was printed") from None

    line.error = process.stderr.readline
    try:
        yield line
    finally:
        for pid in [pid for pid, (text, _, _) in tree.processes().items() if text == " ".join(["svcctl", "logs", *arguments])]:
            tree.run("root", "kill", str(pid))
        process.wait(HANG_SEC)
        reader.join()
        process.stdout.close()
        process.stderr.close()


def test_follow(tree, profile, long_log):
    with following(tree, "-f", profile) as line:
        for number in range(120 - LINES_BEFORE_FOLLOWING, 120):
            assert line().endswith(f"  line {number}")
        long_log.write("current", stamped(120))
        assert line().endswith("  line 120")
        long_log.write("current", stamped(121)[:30])
        long_log.write("current", stamped(121)[30:] + stamped(122))
        assert line().endswith("  line 121")
        assert line().endswith("  line 122")
        assert line(stop=True) != 0


def test_follow_loses_and_doubles_nothing_over_rotations(tree, profile, log):
    log.write("current", "begin\n")
    with following(tree, "-f", "-n1", profile) as line:
        assert line() == "begin"
        seen = []
        for number in range(3000):
            if number % 7 == 3:
                log.rotate()
            log.write("current", stamped(number))
            if number % 500 == 499:  # in between it finds several files at once, or is in the middle of one
                while len(seen) <= number:
                    seen.append(line().split("  ")[1])
        assert seen == numbered(range(3000))
        log.write("current", "end\n")
        assert line() == "end"


def test_files_that_are_put_aside_meanwhile(tree, profile, log):
    """Each look shows a run of lines without a gap."""
    ended = threading.Event()

    def write():
        number = 0
        while not ended.is_set():
            log.write("current", stamped(number))
            number += 1
            if number % 3 == 0:
                log.rotate()
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{log.directory}/{label(log.rotations - 60)}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            numbers = [int(text.split()[1]) for text in texts(svcctl(tree, "logs", profile, "-n", "150"))]
            first = numbers[0] if numbers else 0
            assert numbers == list(range(first, first + len(numbers)))
    finally:
        ended.set()
        writer.join()


WRITER = """
directory=$1 last=$2 number=$3
while [ $number -lt $last ]; do
    number=$((number + 1))
    echo "number $number"
done | s6-log n1000 s4096 T "$directory"
"""


def test_follow_what_s6_log_writes(tree, profile, log):
    """Many rotations, by the logger itself; and one that is started again in the middle."""
    log.write("current", "begin\n")
    os.chown(f"{log.directory}/current", 10000, 10000)
    directory = f"/opt/data/logs/gateways/{profile}"
    with following(tree, "-f", "-n1", profile) as line:
        assert line() == "begin"
        for first, last in ((0, 2000), (2000, 4000), (4000, 8000)):
            tree.run("hermes", "sh", "-euc", WRITER, "sh", directory, str(last), str(first), check=True)
            for number in range(first + 1, last + 1):
                assert line().endswith(f"  number {number}")
    assert len(os.listdir(log.directory)) > 3  # how many depends on how much it reads at once
    assert [text.split()[-1] for text in texts(svcctl(tree, "logs", profile, "-n", "5000"))] == [str(number) for number in range(3001, 8001)]


def test_one_that_never_ran(tree, profile):
    """Its logger makes the directory when there is something to log: until then nothing was printed, which is no failure."""
    tree.register(profile, start=False)
    result = svcctl(tree, "logs", profile)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", ""), result
    with following(tree, "-f", profile) as line:
        tree.call("Start", names=[f"gateway-{profile}"], wait="up")
        while "started, pid" not in line():
            pass


def test_one_whose_log_is_yet_to_come(tree, profile):
    """It runs, and its logger has not made the directory yet: who follows it waits for that."""
    tree.register(profile)
    tree.wait_gateway(profile)
    directory = tree.path(f"/opt/data/logs/gateways/{profile}")
    os.rename(directory, f"{directory}~")
    result = svcctl(tree, "logs", profile)
    assert result.returncode == 1 and f"{profile}: has no log yet" in result.stderr, result
    with following(tree, "-f", profile) as line:
        assert line.error().startswith(f"svcctl: gateway-{profile}: has no log yet: its logger makes one")
        os.mkdir(directory)
        os.chown(directory, 10000, 10000)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() + 1))
        with open(f"{directory}/current", "w") as file:
            file.write(f"{stamp}.000000000  it began\n")
        assert line().endswith("  it began")


def test_follow_a_gateway_over_restarts(tree, profile):
    """Of the gateway, of its logger, of the broker."""
    tree.register(profile)
    tree.wait_gateway(profile)
    with following(tree, "-f", profile) as line:
        while "started, pid" not in line():
            pass
        tree.call("Restart", names=[f"gateway-{profile}"], wait="up")
        while "started, pid" not in line():
            pass
        tree.run("root", "s6-svc", "-r", f"/run/service/gateway-{profile}/log", check=True)
        tree.call("Restart", names=[f"gateway-{profile}"], wait="up")
        while "started, pid" not in line():
            pass
        tree.kill_broker()
        tree.call("Restart", names=[f"gateway-{profile}"], wait="up")
        while "started, pid" not in line():
            pass


def test_follow_ends_with_its_reader_and_with_the_directory(tree, profile, long_log):
    result = tree.run("hermes", "bash", "-c", f"svcctl logs -f {profile} | head -n 1; echo ${{PIPESTATUS[0]}}")
    assert result.stdout.splitlines()[1] == "0" and result.stderr == ""
    with following(tree, "-f", "-n1", profile) as line:
        assert line().endswith("  line 119")
        tree.run("root", "rm", "-r", f"/opt/data/logs/gateways/{profile}", check=True)
        assert line() is None


def test_a_file_that_was_emptied_is_followed_on(tree, profile, log):
    log.write("current", stamped(1) * 10)
    with following(tree, "-f", "-n1", profile) as line:
        assert line().endswith("  line 1")
        os.truncate(f"{log.directory}/current", 0)
        log.write("current", stamped(2))
        assert line().endswith("  line 2")
