# SPDX-License-Identifier: ISC
"""The shipped shell scripts: rules that all of them keep, and single ones run as plain processes, by each shell that may be /bin/sh."""

import glob
import os
import re
import subprocess

import pytest

from slot_directory import SlotDirectory
from tree import TOP

BUILD = os.environ.get("SVCBROKER_BUILD", "build")
SHELLS = {"dash": ["/bin/dash"], "busybox": ["/usr/bin/busybox", "sh"]}


def shipped():
    """{path in the checkout: its lines} of each script that an installation has."""
    scripts = {}
    for path in glob.glob(f"{TOP}/s6-rc.d/**/*", recursive=True) + glob.glob(f"{TOP}/docker/*") + glob.glob(f"{TOP}/debian/*.p*"):
        if os.path.isfile(path):
            with open(path) as file:
                text = file.read()
            if text.startswith(("#!/bin/sh", "# shellcheck shell=sh")):
                scripts[path.removeprefix(f"{TOP}/")] = text.splitlines()
    assert len(scripts) > 20
    return scripts


def code():
    """(where, line) of every line that is no comment."""
    for path, lines in shipped().items():
        for number, line in enumerate(lines, 1):
            if not line.lstrip().startswith("#"):
                yield f"{path}:{number}", line


def test_no_access_is_asked_for():
    """[ -r ], -w and -x ask faccessat2, which some seccomp profiles refuse: the thing is used, and the result looked at."""
    found = [(where, line) for where, line in code() if re.search(r"(?:\[|\btest)\s+(?:!\s+)?-[rwxN]\s|-[ao]\s+(?:!\s+)?-[rwx]\s", line)]
    assert not found


def asks_for_access(text):
    """A C file, not in its comments."""
    return re.search(r"\be(?:uid)?access\(|\bfaccessat\([^;]*AT_", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def test_no_access_is_asked_for_in_c():
    """With a flag, faccessat is faccessat2: a refusal of it is no answer."""
    assert asks_for_access("if (faccessat(fd, name, W_OK, AT_EACCESS) < 0)") and not asks_for_access("/* Not faccessat(2). */ f(AT_FDCWD);")
    assert not [path for path in glob.glob(f"{TOP}/daemon/**/*.c", recursive=True) + glob.glob(f"{TOP}/client/**/*.c", recursive=True)
                if asks_for_access(open(path).read())]


def reads():
    """(where, the line, the line that says what it reads)"""
    for path, lines in shipped().items():
        for number, line in enumerate(lines):
            if line.lstrip().startswith("#") or not re.search(r"\bread (-r )?\w", line):
                continue
            source = line
            if re.search(r"\bwhile\b", line):
                indent = line[:len(line) - len(line.lstrip())]
                source = next(later for later in lines[number:] if later.startswith(f"{indent}done"))
            yield f"{path}:{number + 1}", line.strip(), source.strip()


def test_a_last_line_without_an_end_is_read():
    """`read` fails on it, having read it. Files of the kernel's have whole lines."""
    seen = 0
    for where, line, source in reads():
        seen += 1
        if "/proc/" in source or "<<END" in source and "while" not in line:
            continue
        if line.startswith("read -r _ &&"):  # a pipe from tr, of words that all have an end
            continue
        assert re.search(r"\|\| \[ -n \"\$\w+\" \]; do$" if "while" in line else r"\|\| :(;| |$)", line), (where, line)
    assert seen > 12


def test_a_group_is_killed_as_every_shell_takes_it():
    """dash wants -- in front of a group after -s, and busybox does not take it."""
    assert not [(where, line) for where, line in code() if re.search(r"\bkill\b.* (-s|--) ", line)]


# Commands whose output is a number or a name by its own definition, not a text for people.
NUMBERS = (r"/usr/bin/id -[ug] ", r"/usr/bin/stat -c %u ", r"/usr/bin/find .*-maxdepth 0 ", r"s6-svstat -o pid ", r"printf ",
           r"^own \w+$", r"^setting \w+$")


def test_nothing_is_decided_by_a_text():
    """What another program says differs by version and C library; its exit code does not."""
    for path, lines in shipped().items():
        texts = set()
        for number, line in enumerate(lines, 1):
            where = (f"{path}:{number}", line)
            if line.lstrip().startswith("#"):
                continue
            assert not re.search(r"(^|[|;&(!] *|\bif |\bthen )(/\S*/)?(grep|sed|awk|expr)\b", line), where
            for name, command in re.findall(r"\b(\w+)=\"?\$\((?!\()(.*)\)", line):
                if not any(re.search(number, command) for number in NUMBERS):
                    texts.add(name)
            decides = re.search(r"\bcase \"?\$\{?(\w+)", line) or re.search(r"(?:\[|\btest) .*\$\{?(\w+)[^]]*(?:=|-eq|-gt|-lt)", line)
            assert not decides or decides[1] not in texts, where
            for command in re.findall(r"(?:\[|\btest|\bcase) [^;]*\$\(([^()]*)\)", line):
                assert any(re.search(number, command) for number in NUMBERS), where


# Written twice since a slot's scripts take nothing from outside it, nor do the broker's and its logger's, and none of root's reads
# a file for the sake of three lines. The words are those that the application takes for yes.
SAME = {
    "the effective uid": r"while read -r field _ euid _; do\n\s*\[ \"\$field\" != Uid: \] \|\| break\n\s*done </proc/self/status",
    "yes": r"1 \| \[Tt\].*\[Oo\]\[Nn\]\)",
    "not supervised": r"\$\{?(?:HERMES_GATEWAY_NO_SUPERVISE-|value)\}? in\n\s*(1 \| .*)\) return [01] ;;",
}


def test_a_function_that_is_written_twice_is_the_same():
    functions = {}
    for path, lines in shipped().items():
        for name, body in re.findall(r"^(\w+)\(\) ([({]\n.*?)^[)}]$", "\n".join(lines), re.MULTILINE | re.DOTALL):
            functions.setdefault(name, {}).setdefault(body, []).append(path)
    assert {"start_time", "say", "fail"} <= set(functions)
    assert not {name: list(bodies.values()) for name, bodies in functions.items() if len(bodies) > 1}


@pytest.mark.parametrize("what", SAME)
def test_lines_that_are_written_twice_are_the_same(what):
    found = {}
    for path, lines in shipped().items():
        for match in re.finditer(SAME[what], "\n".join(lines)):
            found.setdefault(re.sub(r"\s+", " ", match[1] if match.groups() else match[0]), []).append(path)
    assert len(found) == 1 and len(next(iter(found.values()))) > 1, found
    if what == "the effective uid":
        reads = {path for path, lines in shipped().items() for line in lines if re.search(r"read .*\beuid\b", line)}
        assert reads == set(next(iter(found.values())))


# Single scripts

@pytest.fixture(params=SHELLS)
def shell(request):
    return SHELLS[request.param]


@pytest.fixture
def slot(tmp_path):
    return SlotDirectory(tmp_path)


@pytest.mark.parametrize("end", ["\n", ""])
def test_accounts_without_a_last_newline(slot, shell, end):
    """cont-init writes /etc/passwd anew: no line of it may be lost."""
    with open(f"{TOP}/{BUILD}/docker/cont-init") as file:
        script = re.sub(r"^\. .*/settings$", f". {slot.path}/slot/settings", file.read(), flags=re.M).replace("=/etc/", f"={slot.path}/etc/")
    os.mkdir(f"{slot.path}/etc")
    slot.program("bin/s6-setuidgid", 'shift; exec "$@"')
    slot.write("etc/passwd", f"root:x:0:0:root:/root:/bin/sh\nhermes:x:10000:10000::/opt/data:/bin/sh{end}")
    slot.write("etc/group", f"root:x:0:\nhermes:x:10000:{end}")
    slot.write("environment/HERMES_UID", f"1234{end}")
    slot.write("environment/HERMES_GID", f"2345{end}")
    slot.program("bin/id", 'echo 10000')
    script = script.replace("/usr/bin/id ", f"{slot.path}/bin/id ")
    slot.write("cont-init", script)
    slot.run(shell, f"{slot.path}/cont-init")
    with open(f"{slot.path}/etc/passwd") as file:
        assert file.read() == "root:x:0:0:root:/root:/bin/sh\nhermes:x:1234:2345::/opt/data:/bin/sh\n"
    with open(f"{slot.path}/etc/group") as file:
        assert file.read() == "root:x:0:\nhermes:x:2345:\n"


class Start:
    """svcbrokerd's run, with a container environment of its own, up to what it would execute."""

    def __init__(self, directory):
        self.path = str(directory)
        with open(f"{TOP}/{BUILD}/s6-rc.d/svcbrokerd_run") as file:
            script = file.read()
        script, number = re.subn(r"^exec \S*/svcbrokerd ", "exec printf '%s|' ", script, flags=re.M)
        assert number == 1
        with open(f"{self.path}/run", "w") as file:
            file.write(script.replace("/run/s6/container_environment", f"{self.path}/environment"))
        os.makedirs(f"{self.path}/data")
        os.makedirs(f"{self.path}/environment")

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w", newline="") as file:
            file.write(text)

    def run(self, shell):
        said = subprocess.run([*shell, "./run"], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=True)
        *said, words = said.stdout.rsplit("\n", 1)
        return "".join(said), words.split("|")[2:-1]


@pytest.mark.parametrize("text, words", [
    ("--multiplex\n", ["--multiplex"]),
    ("--multiplex", ["--multiplex"]),
    ("--settle-msec\n4321", ["--settle-msec", "4321"]),
    ("--client-user\n a b\\n \n", ["--client-user", " a b\\n "]),
    ("", []),
])
def test_options_arrive_whole(tmp_path, shell, text, words):
    start = Start(tmp_path)
    start.write("data/options", text)
    assert start.run(shell) == ("", words)


@pytest.mark.parametrize("text", ["--settle-msec\r\n4321\r\n", "--settle-msec\r\n4321\r", "--settle-msec\r\n4321"])
def test_options_of_a_windows_machine(tmp_path, shell, text):
    start = Start(tmp_path)
    start.write("data/options", text)
    said, words = start.run(shell)
    assert words == ["--settle-msec", "4321"] and "CR LF" in said


@pytest.mark.parametrize("end", ["\n", ""])
def test_variables_need_no_last_newline(tmp_path, shell, end):
    start = Start(tmp_path)
    for name, value in {"HERMES_HOME": "/opt/other", "GATEWAY_MULTIPLEX_PROFILES": "true", "HERMES_GATEWAY_BOOTSTRAP_STATE": "running"}.items():
        start.write(f"environment/{name}", value + end)
    assert start.run(shell) == ("", ["--hermes-home", "/opt/other", "--multiplex", "--bootstrap"])


@pytest.mark.parametrize("value, words", [
    ("1", ["--multiplex"]), (" True \n", ["--multiplex"]), ("\tON", ["--multiplex"]), ("yes\r\n", ["--multiplex"]),
    ("0", ["--no-multiplex"]), ("FALSE\n", ["--no-multiplex"]), ("off ", ["--no-multiplex"]), ("No", ["--no-multiplex"]),
    ("", []), ("  ", []), ("maybe", []), ("2", []), ("true false", []),
])
def test_multiplexing_by_the_environment(tmp_path, shell, value, words):
    """What is no such word says nothing: the application's configuration does then."""
    start = Start(tmp_path)
    start.write("environment/GATEWAY_MULTIPLEX_PROFILES", value)
    assert start.run(shell) == ("", words)
def test_what_cannot_be_read_is_told(tmp_path, shell):
    """Only the container's log would say that it does not count."""
    start = Start(tmp_path)
    os.rmdir(f"{start.path}/data")
    os.makedirs(f"{start.path}/data/options")
    os.mkdir(f"{start.path}/environment/HERMES_HOME")
    start.write("environment/GATEWAY_MULTIPLEX_PROFILES", "true\n")
    said, words = start.run(shell)
    home = f"{start.path}/environment/HERMES_HOME cannot be read: it counts as not set"
    assert (said, words) == ("", ["--multiplex", "--fallback", home, "--fallback", "data/options cannot be read: none of its options holds"])


@pytest.mark.parametrize("text", [
    "\n\n--settle-msec\n\n4321\n\n", "# ours\n--settle-msec\n4321\n#", "\ufeff--settle-msec\n4321\n", "\ufeff# ours\r\n\r\n--settle-msec\r\n4321",
    "--settle-msec\n \t\n4321\n  ",
])
def test_lines_for_people(tmp_path, shell, text):
    """Empty ones, comments, and a byte order mark are no arguments."""
    start = Start(tmp_path)
    start.write("data/options", text)
    assert start.run(shell)[1] == ["--settle-msec", "4321"]


@pytest.mark.parametrize("text,words", [
    (" --multiplex\n", "line 1 (blanks around it)"), ("# ours\n\n--multiplex \n", "line 3 (blanks around it)"), ("\t--multiplex", "line 1 (blanks"),
    ("--multiplex\n--settle-msec 4321\n", "line 2 (an option and its value are two lines)"),
])
def test_the_line_that_is_wrong(tmp_path, shell, text, words):
    """svcbrokerd gets it as it is, and refuses it: where it is, only the script knows."""
    start = Start(tmp_path)
    start.write("data/options", text)
    said, given = start.run(shell)
    assert f"data/options: look at {words}" in said or f"data/options: look at {words[:-1]}" in said, said
    assert given == [line for line in text.split("\n") if line and line[0] != "#"]


@pytest.mark.parametrize("text,words", [
    ("--multiplex\n".encode("utf-16"), "UTF-16"), (b"--multi\0plex\n", "NUL bytes"), (b"--client-user\n" + b"x" * (1 << 20), "more than 4096 characters"),
    (b"--multiplex\n" * 1001, "more than 1000 lines"), (b"\xff\xfe-\0-\0", "NUL bytes"),
], ids=range(5))
def test_what_is_no_list_of_options(tmp_path, shell, text, words):
    """None of it holds, rather than half; the broker tells it."""
    start = Start(tmp_path)
    with open(f"{start.path}/data/options", "wb") as file:
        file.write(text)
    said, given = start.run(shell)
    assert given[:-1] == ["--fallback"] and words in given[-1] and "none of its options holds" in given[-1], (said, given)


def test_a_fifo_is_not_waited_for(tmp_path, shell):
    start = Start(tmp_path)
    os.mkfifo(f"{start.path}/data/options")
    os.mkfifo(f"{start.path}/environment/HERMES_HOME")
    home = f"{start.path}/environment/HERMES_HOME cannot be read: it counts as not set"
    assert start.run(shell) == ("", ["--fallback", home, "--fallback", "data/options cannot be read: none of its options holds"])


def test_a_home_that_is_no_absolute_path_is_told(tmp_path, shell):
    start = Start(tmp_path)
    start.write("environment/HERMES_HOME", "opt/data\n")
    assert start.run(shell) == ("", ["--fallback", "HERMES_HOME is no absolute path: it counts as not set"])


@pytest.mark.parametrize("program", ["dash", "bash"])
def test_variables_where_faccessat2_is_refused(tmp_path, program):
    """Docker's seccomp profile before 20.10 answers EPERM."""
    start = Start(tmp_path)
    start.write("environment/GATEWAY_MULTIPLEX_PROFILES", "true\n")
    start.write("environment/HERMES_HOME", "/opt/other\n")
    old = ["/usr/bin/python3", f"{TOP}/tests/integration/old_seccomp.py"]
    asked = subprocess.run([*old, program, "-c", "[ -r /etc/passwd ]"], check=False)
    assert asked.returncode == 1, "the filter does what it is for"
    assert start.run([*old, program]) == ("", ["--hermes-home", "/opt/other", "--multiplex"])


def built(name, directory, **replaced):
    """A script of the build, at work in a directory: with its container environment, and what else is replaced."""
    with open(f"{TOP}/{BUILD}/s6-rc.d/{name}") as file:
        script = file.read().replace("/run/s6/container_environment", f"{directory}/environment")
    for what, by in replaced.values():
        script, number = re.subn(what, by, script, flags=re.M)
        assert number, what
    os.makedirs(f"{directory}/environment", exist_ok=True)
    with open(f"{directory}/script", "w") as file:
        file.write(script)


OLD = ["/usr/bin/python3", f"{TOP}/tests/integration/old_seccomp.py", "dash"]


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("by", [*SHELLS.values(), OLD], ids=[*SHELLS, "old"])
def test_other_variables(tmp_path, by, end):
    """Of the dashboard, and of the container's end."""
    def run():
        return subprocess.run([*by, "./script"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)

    built("dashboard_run", tmp_path, end=(r"^exec \"\$@\"$", "echo wanted"))
    assert run().returncode == 79
    (tmp_path / "environment/HERMES_DASHBOARD").write_text(f"yes{end}")
    assert (run().returncode, run().stdout) == (0, "wanted\n")

    for name, script in {"s6-svok": "exit 0", "s6-svc": "exit 0", "s6-svwait": "exit 1", "s6-svstat": "echo 0", "s6-setuidgid": "exit 0"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    os.mkdir(tmp_path / "gateway-coder")
    built("gateways-down", tmp_path, path=(r"^PATH=", f"PATH={tmp_path}:"), scandir=(r"/run/service/gateway", f"{tmp_path}/gateway"))
    assert "within 5 s" in run().stdout
    (tmp_path / "environment/KUBERNETES_SERVICE_HOST").write_text(f"10.0.0.1{end}")
    assert "within 25 s" in run().stdout, "a pod is left more by default"
    (tmp_path / "environment/SVCBROKER_STOP_SECONDS").write_text(f"17{end}")
    assert "within 17 s" in run().stdout
