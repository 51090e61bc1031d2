# SPDX-License-Identifier: ISC
"""svcbroker-slot, which the template's scripts are: as plain processes, its order of system calls, and older scripts in its place."""

import fcntl
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile
import threading
import time

import pytest

from slot_directory import OLD_TEMPLATE, PROGRAM, TEMPLATE, SlotDirectory
from tree import TOP, wait_until

SHELLS = {"dash": ["/bin/dash"], "busybox": ["/usr/bin/busybox", "sh"]}
OLD = f"{TOP}/tests/integration/old-template"
DEATH_BYTES = 14
TRACED = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0"}  # which strace does not let it
USER = "nobody"  # an account that each machine has in its files


@pytest.fixture
def slot(tmp_path):
    return SlotDirectory(tmp_path)


@pytest.fixture
def shared():
    """A slot that an account of this machine can enter."""
    directory = tempfile.mkdtemp()
    os.chmod(directory, 0o755)
    slot = SlotDirectory(f"{directory}/a", user=USER, s6="/usr/bin")
    uid, gid = (int(subprocess.check_output(["id", option, USER])) for option in ("-u", "-g"))
    os.chown(f"{slot.path}/volume", uid, gid)
    yield slot
    shutil.rmtree(directory)


# What it reads

@pytest.mark.parametrize("line, shells", [
    ("venv=/a/b", True), ("venv='/a b'", True), ('venv="/a b"', True), ("venv=/a # ours", True), ("  venv=/a", True), ("venv=", True), ("venv=''", True),
    ('venv="/a"# x', False), ("venv=$HOME/a", False), ("venv=`id`", False), ('venv="$s6/a"', False), ("venv=/a/b; id", False), ("venv=~/a", False), ("venv='/a", False),
    ("venv=/a\\ b", False), ("[ -d /x ] || venv=/a", False), ("export venv=/a", False), ("venv=/a*", False), ("venv=/a'b'", False), ("own=$(id)", True), ("# $(id)", True),
])
def test_a_setting_is_what_a_shell_reads_or_refused(slot, line, shells):
    """Never something else, and not for others' names."""
    before = "".join(f"{name}={value}\n" for name, value in slot.settings.items())
    slot.write("slot/settings", f"{before}{line}\n")
    said = slot.gateway()
    if not shells:
        assert (said.returncode, said.stdout) == (78, f"gateway: ./settings: line {before.count(chr(10)) + 1} is not NAME=VALUE, or one is missing\n")
        return
    venv = subprocess.run(["/bin/sh", "-c", '. ./settings; printf %s "$venv"'], cwd=f"{slot.path}/slot", stdout=subprocess.PIPE, text=True, check=True).stdout
    slot.program("bin/hermes", '/usr/bin/env')
    os.makedirs(f"{slot.path}/own/bin")
    slot.write("slot/env", f"PATH={slot.path}/bin:/usr/bin\n")
    assert slot.gateway().returncode == 0
    if line.strip().startswith("venv=/a"):
        assert venv in ("/a", "/a/b")
    elif "venv" not in line:
        assert venv == slot.settings["venv"]


@pytest.mark.parametrize("text, code", [("coder\n", 0), ("coder", 0), ("coder\nmore\n", 0), ("", 78), ("../evil\n", 78), ("Coder\n", 78), ("-a\n", 78), ("a b\n", 78), (None, 111)])
def test_the_profile_is_checked(slot, text, code):
    if text is None:
        os.unlink(f"{slot.path}/slot/data/profile")
    else:
        slot.write("slot/data/profile", text)
    said = slot.gateway()
    assert said.returncode == code, said.stdout
    assert ("not the name of a profile" in said.stdout) == (code == 78)


@pytest.mark.parametrize("end", ["\n", ""])
def test_no_file_needs_a_last_newline(slot, end):
    slot.write("slot/data/profile", f"coder{end}")
    slot.write("slot/env", f"FIRST=\nLAST=the last{end}")
    slot.write("environment/HERMES_HOME", f"{slot.path}/other{end}")
    os.mkdir(f"{slot.path}/other")
    said = slot.gateway().stdout.splitlines()
    assert {"FIRST=", "LAST=the last", f"HERMES_HOME={slot.path}/other", f"HOME={slot.path}/other", f"PWD={slot.path}/other"} <= set(said)


HOMES = ["/a", "/a/", "/a///", "/", "//", "a", "", "/a/profiles/x", "/a/profiles/x/", "/a/profiles", "/profiles/x", "/a/profiles/x/y", "/a/profiles//x",
         "/a/profiles/profiles/x", "/a/xprofiles/y", "/a/profiles/x/profiles/y", "/a b/profiles/c d", "profiles/x", "/a\n/b"]


@pytest.mark.parametrize("shell", SHELLS)
def test_home_is_what_the_template_s_script_says(slot, shell):
    """Whoever has a `gateway` of his own reads that one."""
    for file, given in [(None, home) for home in HOMES[:12]] + [(home, "/given") for home in HOMES]:
        if file is not None:
            slot.write("environment/HERMES_HOME", file)
        script = f'. ./settings; home={given!r}; . {TOP}/s6-rc.d/gateway-template/home; printf "%s|" "$home"'
        by_shell = slot.run(SHELLS[shell], "-c", script)
        said = slot.slot("gateway", "coder", given, "/usr/bin:/bin")
        if by_shell.returncode == 78:
            assert (said.returncode, said.stdout) == (78, by_shell.stdout)
        else:
            home = by_shell.stdout[:-1]
            assert f"HERMES_HOME={home} cannot be entered" in said.stdout or f"HERMES_HOME={home}\n" in said.stdout, (given, by_shell.stdout, said.stdout)


def test_the_container_s_variables_are_what_s6_reads(shared):
    files = {"PLAIN": "a\n", "NO_END": "a", "TWO": "a\n\n", "LINES": "a\nb\n", "SPACES": " a \t\n", "NULS": "a\0b\0\n", "NUL_END": "a\0", "NUL": "\0", "EMPTY": "", "NEWLINE": "\n", "LONG": "x" * 9000,
             "HIGH": "\u00e9\n", "a=b": "never", ".hidden": "never", "lower-case.name": "x"}
    for name, text in files.items():
        shared.write(f"environment/{name}", text)
    environment = {"EMPTY": "goes", "PLAIN": "old", "KEPT": "k", "PATH": "/usr/bin:/bin"}
    by_s6 = subprocess.check_output(["s6-envdir", "-Lf", f"{shared.path}/environment", "/usr/bin/env", "-0"], env=environment)
    shared.program("slot/gateway", "import os\nos.write(1, open('/proc/self/environ', 'rb').read())", "/usr/bin/python3 -I")
    ours = subprocess.check_output([PROGRAM, "run"], env=environment, cwd=f"{shared.path}/slot")
    kept = [{line for line in found.split(b"\0") if not line.startswith((b"PWD=", b"PATH=", b"_=", b"SHLVL=", b"OLDPWD="))} for found in (by_s6, ours)]
    assert kept[0] == kept[1] and b"KEPT=k" in kept[1] and len(kept[1]) > 8
    os.mkdir(f"{shared.path}/environment/DIRECTORY")
    said = shared.slot("run")
    assert (said.returncode, said.stdout) == (111, f"gateway coder: {shared.path}/environment/DIRECTORY: Is a directory\n")


# The lock

@pytest.mark.parametrize("spoil, word", [
    (lambda path: os.makedirs(path), "Is a directory"),
    (lambda path: os.mkfifo(path), "No such device or address"),
    (lambda path: os.symlink(path, path), "Too many levels of symbolic links"),
])
def test_a_lock_that_cannot_be_had(slot, spoil, word):
    """The gateway runs, and it is said."""
    lock = f"{slot.path}/volume/.svcbroker/lock/coder"
    os.makedirs(os.path.dirname(lock))
    spoil(lock)
    said = slot.gateway()
    assert said.returncode == 0 and f"gateway coder: started without its lock: {lock}: {word}\n" in said.stdout and "gateway\nrun\n--replace\n" in said.stdout


def test_a_lock_that_somebody_has(slot):
    assert slot.gateway().returncode == 0
    lock = f"{slot.path}/volume/.svcbroker/lock/coder"
    assert [os.stat(path).st_mode & 0o7777 for path in (lock, os.path.dirname(lock), os.path.dirname(os.path.dirname(lock)))] == [0o644, 0o700, 0o700]
    with open(lock, "r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        said = slot.gateway()
        assert (said.returncode, said.stdout) == (69, f"gateway coder: not started: it runs elsewhere ({lock} is held)\n")
        child = subprocess.Popen(["s6-setlock", "-n", lock, "/bin/true"], stderr=subprocess.DEVNULL)
        assert child.wait(60) == 1, "and s6's own means the same lock"


def test_the_gateway_is_not_there(slot):
    os.unlink(f"{slot.path}/venv/bin/hermes")
    said = slot.gateway()
    assert said.returncode == 127 and said.stdout.startswith(f"gateway coder: no program `hermes' in PATH={slot.path}/venv/bin:")
    slot.write("venv/bin/hermes", "not to be executed")
    assert slot.gateway().returncode == 127


# finish

def start_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[19]


@pytest.mark.parametrize("end", ["\n", ""])
def test_finish_ends_what_is_noted(shared, end):
    child = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True, user=USER)
    start = start_of(child.pid)
    other = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True, user=USER)
    root = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
    try:
        shared.write("slot/data/pgid", f"7777777:1\n{other.pid}:1\n{child.pid}:{start}{end}")
        assert shared.slot("finish", "./finish", "0", "0", "gateway-coder", "5").returncode == 125
        assert child.wait(60) == -15 and other.poll() is None, "another's start is another's number"
        assert os.stat(f"{shared.path}/slot/data/pgid").st_size == 0
        # Of one without a note s6 tells the number, and what is root's stays.
        assert shared.slot("finish", "0", "0", "gateway-coder", str(root.pid)).returncode == 125
        assert root.poll() is None
    finally:
        for process in (child, other, root):
            process.kill()
            process.wait()


@pytest.mark.parametrize("end", ["exit 111", "exit 0", "kill -9 $$"])
def test_a_note_stays_until_its_groups_were_ended(slot, end):
    """Whoever was to end them could not become the client user."""
    child = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
    try:
        slot.program("bin/s6-setuidgid", end)
        note = f"{child.pid}:{start_of(child.pid)}\n"
        slot.write("slot/data/pgid", note)
        slot.write("slot/data/log-pgid", note)
        said = slot.slot("finish", "0", "0", "gateway-coder")
        assert said.returncode == 125
        assert slot.read("slot/data/pgid") == ("" if end == "exit 0" else note)
        slot.slot("log-finish", "0", "0", "gateway-coder/log", at="slot/log")
        assert slot.read("slot/data/log-pgid") != "", "nobody has ended it"
    finally:
        child.kill()
        child.wait()
    slot.slot("log-finish", "0", "0", "gateway-coder/log", at="slot/log")
    assert slot.read("slot/data/log-pgid") == ""


def with_shortage(slot, path, *words, when="", directory="slot"):
    """As root of a machine that had no file left for a moment, when that path was to be opened."""
    return subprocess.run(["strace", "-f", "-o", "/dev/null", *(["-P", path] if path else []), "-e", "trace=open,openat", "-e", f"inject=open,openat:error=ENFILE{when}", PROGRAM, *words],
                          cwd=f"{slot.path}/{directory}", env=TRACED, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)


def test_a_leader_that_cannot_be_looked_at_is_not_gone(shared):
    """The number may be another's by now: nobody is signalled, and the note stays."""
    other = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True, user=USER)
    try:
        shared.write("slot/data/pgid", f"{other.pid}:1\n")
        with_shortage(shared, f"/proc/{other.pid}/stat", "finish", "0", "0", "gateway-coder")
        assert other.poll() is None and shared.read("slot/data/pgid") == f"{other.pid}:1\n"
        with_shortage(shared, f"/proc/{other.pid}/stat", "run")
        assert other.poll() is None and shared.read("slot/data/pgid").startswith(f"{other.pid}:1\n")
        assert shared.slot("finish", "0", "0", "gateway-coder").returncode == 125
        assert other.poll() is None and shared.read("slot/data/pgid") == ""
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("note, directory, words", [("data/pgid", "slot", ("run",)), ("../data/log-pgid", "slot/log", ("log",)),
                                                    ("data/pgid", "slot", ("finish", "1", "0", "gateway-coder")),
                                                    ("../data/log-pgid", "slot/log", ("log-finish", "1", "0", "gateway-coder/log"))])
def test_a_note_that_cannot_be_read_is_not_empty(shared, note, directory, words):
    """What it names may still run: nothing is started beside that, and the note stays."""
    other = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True, user=USER)
    path = os.path.normpath(f"{directory}/{note}")
    text = f"{other.pid}:{start_of(other.pid)}\n"
    try:
        shared.write(path, text)
        said = with_shortage(shared, note, *words, directory=directory)
        assert shared.read(path) == text and other.poll() is None
        if words[0] in ("run", "log"):
            assert said.returncode == 111 and f"{note} cannot be read: " in said.stdout, said.stdout
    finally:
        other.kill()
        other.wait()
        shared.write(path, "")


def test_a_group_is_noted_with_its_start(shared, sanitized):
    """A start that could not be looked at is asked for once more, and its lack is said."""
    if sanitized:
        pytest.skip("the sanitizer makes system calls of its own")
    opened = [line for line in calls(shared, "run") if line.startswith(("open(", "openat("))]
    at = next(number for number, line in enumerate(opened, 1) if re.search(r"/proc/\d+/stat", line))
    shared.write("slot/data/pgid", "")
    said = with_shortage(shared, "", "run", when=f":when={at}")
    assert re.fullmatch(r"\d+:[1-9]\d*\n", shared.read("slot/data/pgid")), shared.read("slot/data/pgid")
    assert "outlive" not in said.stdout
    shared.write("slot/data/pgid", "")
    said = with_shortage(shared, "", "run", when=f":when={at}..{at + 1}")
    assert re.fullmatch(r"\d+:0\n", shared.read("slot/data/pgid")) and "processes it leaves behind may outlive it" in said.stdout


@pytest.mark.parametrize("line", ["0:", "1:", "1:5", "-1:", "12", ":", "x:1", "1 1:2", "00:1", "99999999999:1", "4294967297:", "2:x"])
def test_what_is_no_group_s_note_is_nobody(shared, line):
    """To kill 0 or -1 would be to kill others: this very process among them."""
    shared.write("slot/data/pgid", f"{line}\n")
    before = subprocess.Popen(["/bin/sleep", "1000"], user=USER)
    try:
        assert shared.slot("finish", "0", "0", "gateway-coder").returncode == 125
        assert before.poll() is None
    finally:
        before.kill()
        before.wait()


def deaths(*ends):
    """As s6-supervise writes them: (seconds ago, code, signal)."""
    now = time.time() + 37  # TAI; a second more or less makes no difference here
    return b"".join(struct.pack(">QIBB", (1 << 62) + int(now - ago), 0, 128 + signal if signal else code, signal) for ago, code, signal in ends)


@pytest.mark.parametrize("name", ["finish", "log/finish"])
def test_the_brake_is_s6_s(shared, name):
    """Whether s6-permafailon is asked or not, the answer is what the script of before had of it."""
    shutil.copytree(OLD, f"{shared.path}/old")
    shutil.copy(f"{shared.path}/slot/settings", f"{shared.path}/old/settings")
    for directory in ("old", "slot"):
        os.makedirs(f"{shared.path}/{directory}/log/supervise", exist_ok=True)
        os.makedirs(f"{shared.path}/{directory}/supervise", exist_ok=True)
        os.makedirs(f"{shared.path}/{directory}/data", exist_ok=True)
        shared.write(f"{directory}/data/profile", "coder\n")
        shared.write(f"{directory}/data/pgid", "")
    at = os.path.dirname(name)
    choices = random.Random(7)
    said, tried = set(), 0
    for many in [0, 1, 4, 5, 6, 9, 10, 11, 12, 30]:
        for _ in range(3):
            code, signal = choices.choice([(1, 0), (75, 0), (0, 9), (0, 0), (78, 0)])
            tally = deaths(*[(choices.choice([0, 1, 30, 55, 100, 4000]), *choices.choice([(code, signal), (code, signal), (1, 0), (75, 0)])) for _ in range(many)])
            codes = []
            for directory, command in (("old", ["/bin/sh", "./finish"]), ("slot", [PROGRAM, "log-finish" if at else "finish"])):
                with open(f"{shared.path}/{directory}/{at}/supervise/death_tally", "wb") as file:
                    file.write(tally)
                result = shared.execute([*command, "256" if signal else str(code), str(signal), "gateway-coder"], f"{directory}/{at}", {})
                codes.append((result.returncode, "PERMANENT FAILURE" in result.stdout))
            assert codes[0] == codes[1], (many, code, signal, codes)
            said.add(codes[0][1])
            tried += 1
    assert tried == 30 and said == {True, False}


def test_s6_is_asked_only_where_there_is_something_to_count(slot):
    slot.program("bin/s6-permafailon", f'echo asked "$@" >>{slot.path}/asked')
    with open(f"{slot.path}/slot/supervise/death_tally", "wb") as file:
        file.write(b"x" * DEATH_BYTES * 4)
    assert slot.slot("finish", "1", "0", "gateway-coder").returncode == 0 and not os.path.exists(f"{slot.path}/asked")
    with open(f"{slot.path}/slot/supervise/death_tally", "wb") as file:
        file.write(b"x" * DEATH_BYTES * 5)
    assert slot.slot("finish", "1", "0", "gateway-coder").returncode == 0
    assert slot.read("asked") == f"asked 3600 11 75 {slot.path}/bin/s6-permafailon 60 5 1-68,70-74,76-77,79-255 /bin/true\n"


def test_an_account_that_the_files_do_not_have_is_s6_s_to_find(slot):
    """It may come from elsewhere: NSS of another C library, say. Nothing runs as root instead."""
    slot.program("bin/s6-setuidgid", 'printf "%s|" "$@"')
    ours = r"hermes\|/\S*/svcbroker-slot\|behind\|"
    for own in (False, True):  # a script of one's own too, which ours looks for
        said = slot.slot("run", "./run", "gateway-coder", HERMES_HOME="/h", PATH="/p")
        assert re.fullmatch(f"{ours}{re.escape('gateway|coder|/h|/p|')}", said.stdout), said.stdout
        said = slot.slot("log", "./run", "gateway-coder/log", at="slot/log")
        assert re.fullmatch(f"{ours}{re.escape('collect|coder||-|')}", said.stdout), said.stdout
        slot.program("slot/gateway", "echo never")
        slot.program("slot/log/collect", "echo never")


@pytest.mark.parametrize("by_s6", [False, True])
def test_a_script_of_one_s_own_is_the_same_whoever_drops(shared, by_s6):
    """What lives of earlier groups is ended first, PATH is programs' own and then the container's, and it gets three words."""
    shared.write("environment/OWN", "yes\n")
    for words, at, expected in ((["gateway", "coder", "/h", "/p"], "slot", "yes|coder|/h|/p|"), (["collect", "coder", "", "-"], "slot/log", "|coder||-|")):
        child = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True, user=USER)
        reaped = threading.Thread(target=child.wait)
        reaped.start()
        note = f"{child.pid}:{start_of(child.pid)}"
        shared.program(f"{at}/{words[0]}", f'printf "%s|" "$PATH" "${{OWN-}}" "$@"; ! kill -0 -{child.pid} 2>/dev/null || echo lives')
        try:
            if by_s6:  # as s6-setuidgid does
                said = shared.slot("behind", *words, note, at=at, PATH="/p")
            else:
                shared.write("slot/data/log-pgid" if at.endswith("log") else "slot/data/pgid", f"{note}\n")
                said = shared.slot("run" if at == "slot" else "log", at=at, HERMES_HOME=words[2], PATH=words[3])
            assert said.stdout == f"/usr/bin:/usr/bin:/bin|{expected}", said.stdout
        finally:
            child.kill()
            reaped.join()


def test_a_client_user_that_is_root_is_refused(slot):
    slot.write("slot/settings", slot.read("slot/settings").replace("client_user=hermes", "client_user=root"))
    said = slot.slot("run")
    assert said.returncode == 111 and "cannot become root" in said.stdout


@pytest.mark.parametrize("words, at", [(["gateway", "coder", "", "/usr/bin:/bin"], "slot"), (["collect", "coder", "", "-"], "slot/log"), (["sweep"], "slot")])
def test_what_is_behind_the_drop_is_not_done_as_root(slot, words, at):
    """Whoever was to give up root's rights did not, with an account of another source that is uid 0, say."""
    child = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
    slot.program("bin/s6-log", "echo logged")
    slot.program("slot/gateway", "echo started")
    slot.program("slot/log/collect", "echo logged")
    try:
        said = slot.execute([PROGRAM, *words, f"{child.pid}:"], at, {})
        assert said.returncode == 111 and said.stdout == f"gateway: {words[0]} is for the client user, and this is root: client_user in settings must be another account\n"
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
    assert slot.slot(*words, at=at).returncode == 0


def test_an_account_of_another_source_that_is_root(slot):
    """s6-setuidgid becomes what NSS says, and goes on."""
    slot.program("bin/s6-setuidgid", f'echo "became $1"; shift\n[ "${{1##*/}}" != s6-envdir ] || shift 3\n[ "${{1##*/}}" != svcbroker-slot ] || {{ shift; set -- {PROGRAM} "$@"; }}\nexec "$@"')
    for words, at in ((["run"], "slot"), (["log"], "slot/log")):
        said = slot.slot(*words, at=at)
        assert said.returncode == 111 and "became hermes\n" in said.stdout and "is for the client user, and this is root" in said.stdout


# The order of what it does

def calls(slot, *words, at="slot"):
    """Its system calls, a line each, up to what it becomes."""
    trace = f"{slot.path}/trace"
    subprocess.run(["strace", "-o", trace, PROGRAM, *words], cwd=f"{slot.path}/{at}", env={**TRACED, "HERMES_HOME": f"{slot.path}/volume"}, timeout=60,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    lines = slot.read("trace").splitlines()
    ends = [number for number, line in enumerate(lines) if line.startswith("execve(")]
    # musl blocks signals round each change of ids.
    return [line.replace(slot.path, "") for line in lines[ends[0] + 1:ends[1] + 1] if not line.startswith("rt_sig")]


def paths(lines):
    return [match[1] for line in lines if (match := re.match(r'(?:open|stat|newfstat|unlink|readlink|access|mkdir|chdir)\w*\((?:AT_FDCWD, )?"([^"]*)"', line))]


@pytest.mark.parametrize("words, at, roots, execs", [
    (["run", "./run", "gateway-coder"], "slot", ["./settings", "./data/profile", "data/pgid"], "/venv/bin/hermes"),
    (["log", "./run", "gateway-coder/log"], "slot/log", ["../settings", "../data/profile", "forward-only", "../data/log-pgid"], "/usr/bin/s6-log"),
])
def test_nothing_of_the_client_user_s_is_touched_before_the_drop(shared, words, at, roots, execs):
    """The order is fixed: what is root's is read, ids are given up, looked at, and only then comes what is another's."""
    lines = calls(shared, *words, at=at)
    order = [re.match(r"\w+", line)[0] for line in lines]
    at = [order.index(name) for name in ("setgroups", "setresgid", "setresuid", "getresuid", "getresgid", "getgroups")]
    assert at == list(range(at[0], at[0] + 6)), lines
    assert re.match(r"setresuid\((-1|4294967295), 0, (-1|4294967295)\) += -1 EPERM", lines[at[-1] + 1]), "root's does not come back"
    began = next(number for number, line in enumerate(lines) if line.startswith("umask"))  # behind what the C library, or a sanitizer, begins with
    before, behind = lines[began:at[-1] + 2], lines[at[-1] + 2:]
    own = [path for path in dict.fromkeys(paths(before)) if not path.startswith("/proc/")]
    assert own == [*roots, "/etc/passwd", "/etc/group"], own
    assert all(re.match(r"/proc/(self|\d+)/", path) for path in set(paths(before)) - set(own))
    assert not [line for line in before if line.startswith(("mmap", "brk"))], "nothing is allocated"
    assert any("/volume" in line for line in behind) and any("/environment" in path for path in paths(behind))
    assert lines[-1].startswith(f'execve("{execs}"') and order.count("execve") == 1 and "clone" not in order and "fork" not in order


def test_a_drop_that_does_not_take_is_no_start(shared):
    """Each of the calls, refused by the kernel, and the last one without effect."""
    for call, said in (("setgroups", "EPERM"), ("setresgid", "EPERM"), ("setresuid", "EPERM"), ("setresuid", "retval=0"), ("setgroups", "retval=0"), ("setresgid", "retval=0")):
        inject = said if "=" in said else f"error={said}"
        result = subprocess.run(["strace", "-o", "/dev/null", "-e", f"inject={call}:{inject}", PROGRAM, "run"], cwd=f"{shared.path}/slot", env=TRACED,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        assert result.returncode == 111 and f"cannot become {USER}" in result.stdout, (call, said, result.stdout)


# Scripts of before, and of others

@pytest.mark.parametrize("shell", SHELLS)
def test_a_template_of_scripts_works_as_it_did(make_tree, shell):
    tree = make_tree(before=OLD_TEMPLATE, sh=SHELLS[shell][0])
    check_gateway(tree)


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_of_before_take_the_halves_places(make_tree, shell):
    before = f"cp -a tests/integration/old-template/gateway {TEMPLATE}/; cp -a tests/integration/old-template/log/collect {TEMPLATE}/log/"
    tree = make_tree(before=before, sh=SHELLS[shell][0])
    check_gateway(tree)


def check_gateway(tree):
    tree.register("a", "child", environment={"EXTRA": "lines\n\n"})
    pid = tree.wait_gateway("a")
    with open(tree.path(f"/proc/{pid}/environ"), "rb") as file:
        environment = dict(line.split(b"=", 1) for line in file.read().split(b"\0") if line)
    assert environment[b"EXTRA"] == b"lines\n\n" and environment[b"HOME"] == b"/opt/data" and environment[b"PATH"].startswith(b"/opt/hermes/.venv/bin:")
    tree.signal("KILL", tree.supervisor("gateway-a"))
    new = wait_until(lambda: (now := tree.status("a")).pid not in (0, pid) and not now.finishing and now.pid)
    wait_until(lambda: f"started, pid {new}\n" in tree.gateway_log("a"), what="the new gateway")
    assert pid not in tree.processes()
    # s6 gives finish five seconds, which are little on a busy machine.
    with open(f"{tree.slot('a')}/timeout-finish", "w") as file:
        file.write("60000\n")
    tree.call("Stop", names=["gateway-a"], wait="down")
    assert new not in [group for _, _, group in tree.processes().values()]
    assert os.stat(f"{tree.slot('a')}/data/pgid").st_size == 0


def test_a_script_that_goes_on_in_ours(make_tree):
    """What differs in an image is three lines of its own."""
    script = f"#!/bin/sh\\n. ./settings\\nexport OWN=yes\\nexec \"$slot_program\" gateway \"$@\"\\n"
    tree = make_tree(before=f"printf '{script}' >{TEMPLATE}/gateway; chmod 755 {TEMPLATE}/gateway")
    tree.register("a", environment={"EXTRA": "x"})
    with open(tree.path(f"/proc/{tree.wait_gateway('a')}/environ"), "rb") as file:
        found = file.read().split(b"\0")
    assert {b"OWN=yes", b"EXTRA=x"} <= set(found)
    assert os.path.exists(f"{tree.slot('a')}/gateway")
