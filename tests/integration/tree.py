# SPDX-License-Identifier: ISC
"""A private tree for a test: tools/lib/tree.sh boots it, this drives it from outside."""

import ctypes
import os
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time

import s6
from varlink import HANG_SEC, Connection, VarlinkError

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOCKET = "/run/svcbroker/io.svcbroker"
SERVICES = "/run/svcbroker/services"
BROKER = "/run/s6-rc/servicedirs/svcbrokerd"
USERS = {"root": (0, 0, ()), "hermes": (10000, 10000, ()), "stranger": (10001, 10001, ()), "observer": (10002, 10002, ())}
# Options for who has gateways that end by themselves: alive for as long as trees let them settle, they count as up or recovered,
# and on a busy machine the stand-in takes that long to begin at all.
SLOW_TO_SETTLE = ("--settle-msec", "4000")
SANITIZER_WORDS = ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer", "runtime error:")


def wait_until(condition, timeout=HANG_SEC, what=""):
    """Looks again and again; returns the first true value. A deadline, never a time to sleep; and since it is no more than a bound on a
    hang, on a machine that may be busy, a shorter one than that is never taken."""
    timeout = max(timeout, HANG_SEC)
    deadline = time.monotonic() + timeout
    pause = 0.002
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    return value


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


class Door:
    """A process inside a tree, with the identity of one of its users, that opens connections and hands them out. So the kernel
    tells the broker the truth about a peer, and the test holds the very descriptor. It sends signals too: at once, where a command
    would be several programs later, and what the test has seen may be over by then."""

    KILL = "kill "  # in front of a signal's number and a pid; anything else is a socket's path

    def __init__(self, pid, uid, gid, groups):
        self.lock = threading.Lock()
        self.here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.child = os.fork()
        if self.child == 0:
            try:
                self.serve(there, pid, uid, gid, groups)
            finally:
                os._exit(1)
        there.close()

    @staticmethod
    def serve(there, pid, uid, gid, groups):
        os.dup2(there.fileno(), 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
        libc = ctypes.CDLL(None, use_errno=True)
        root = os.open(f"/proc/{pid}/root", os.O_PATH)
        files = [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in ("ipc", "net", "pid", "mnt")]
        for file in files:
            if libc.setns(file, 0):
                os._exit(2)
        os.fchdir(root)
        os.chroot(".")
        os.closerange(4, 64)
        if inside := os.fork():  # who is forked now is inside the pid namespace too
            os.close(3)
            os.waitpid(inside, 0)
            os._exit(0)
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        control = socket.socket(fileno=3)
        while asked := control.recv(4096).decode():
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                if asked.startswith(Door.KILL):
                    number, target = asked.split()[1:]
                    os.kill(int(target), int(number))
                    control.send(b"0")
                else:
                    stream.connect(asked)
                    socket.send_fds(control, [b"0"], [stream.fileno()])
            except OSError as error:
                control.send(str(error.errno).encode())
            stream.close()

    def ask(self, what):
        """The descriptors of the answer."""
        with self.lock:
            self.here.send(what.encode())
            answer, descriptors, _, _ = socket.recv_fds(self.here, 16, 1)
        assert answer, "the process inside the tree is gone"
        if answer != b"0":
            raise OSError(int(answer), os.strerror(int(answer)), what)
        return descriptors

    def connect(self, path):
        (descriptor,) = self.ask(path)
        return socket.socket(fileno=descriptor)

    def kill(self, number, pid):
        assert pid > 0, "of our own group, or of everybody"
        self.ask(f"{self.KILL}{number} {pid}")

    def close(self):
        self.here.close()
        os.waitpid(self.child, 0)


class Tree:
    def __init__(self, build, service, options=(), **environment):
        """options: svcbrokerd's. environment: of tools/lib/tree.sh, in lower case and without TREE_."""
        self.build = build
        self.service = service
        self.environment = {f"TREE_{name.upper()}": str(value) for name, value in environment.items()}
        self.environment["TREE_OPTIONS"] = "\n".join(options)
        # A broker that looks for leaks at its end, on a busy machine, is given that time.
        self.environment["TREE_KILL_MSEC"] = str(int(HANG_SEC * 1000))
        self.doors = {}
        self.parent = None
        self.pid = None
        self.expected_ends = 0  # of the broker, told to this class by who caused them
        self.first = ""         # shell commands, before the tree begins
        self.sanitizers = ""    # what else they are told, after a colon
        self.tainted = False    # the test spoils it on purpose: no check at the end

    # Boot and end

    def boot(self, ready=True, patience=300):
        environment = {**os.environ, **self.environment,
                       "ASAN_OPTIONS": f"detect_leaks=1:abort_on_error=0:exitcode=99{self.sanitizers}",
                       "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99"}
        self.unshare_log = tempfile.TemporaryFile("w+")
        log_fd = self.unshare_log.fileno()
        self.parent = subprocess.Popen(["bash", "-c", f"{self.first}. tools/lib/tree.sh; exec 8>&{log_fd} {log_fd}>&-; tree_exec {self.build}"],
                                       cwd=TOP, env=environment, stdin=subprocess.DEVNULL, pass_fds=[log_fd])
        self.pid = int(wait_until(self.read_child, what="PID 1 of the tree").split()[0])
        if ready:
            # It may have 200 slots to make.
            wait_until(lambda: self.assert_lives() or self.broker_is_ready() or self.broker_failed(), patience, "svcbrokerd ready")
            assert self.broker_is_ready(), self.log()
            wait_until(self.is_booted, patience, "a slot for each profile")

    def is_booted(self):
        """The broker is ready when what is wanted has its slots: those of what is down follow."""
        return not any(note.startswith("booting: ") for note in self.call("Health", "root").get("notes", []))

    def assert_lives(self):
        """PID 1 may also end at once, where the namespaces can be made and nothing can be mounted in them."""
        if self.parent.poll() is not None:
            self.parent = None
            self.unshare_log.seek(0)
            raise AssertionError(f"no namespaces, or PID 1 ended: {self.unshare_log.read()}")

    def read_child(self):
        self.assert_lives()
        with open(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children") as file:
            return file.read()

    def stop(self):
        """Ends everything, after a look whether the broker ends as it should and leaves what it must."""
        if self.parent is None:
            return
        try:
            if not self.tainted:
                self.check_at_end()
        finally:
            self.kill()

    def kill(self):
        """As if the machine had gone: every process of the tree at once."""
        for door in self.doors.values():
            door.close()
        self.doors = {}
        os.kill(self.pid, signal.SIGKILL)
        self.parent.wait(HANG_SEC)
        self.parent = None

    def check_at_end(self):
        # One that was ordered may be about to be noted.
        wait_until(lambda: s6.count_deaths(self.path(BROKER)) >= self.expected_ends, what=f"{self.expected_ends} ends of the broker: {self.log()}")
        assert s6.count_deaths(self.path(BROKER)) == self.expected_ends, f"the broker ended by itself:\n{self.log()}"
        problems = self.audit()
        assert not problems, "\n".join(problems)
        if self.broker_is_ready():
            self.stop_broker()
            status = s6.read_status(self.path(BROKER))
            assert status.wait_status == 0, f"the broker ended with wait status {status.wait_status:#x}:\n{self.log()}"
        reports = [line for line in self.log().splitlines() if any(word in line for word in SANITIZER_WORDS)]
        if "was not suspended. False leaks are possible" in self.log():  # a thread that hangs in the kernel, with what it works on
            reports = [line for line in reports if "LeakSanitizer" not in line and "leaked in" not in line]
        assert not reports, self.log()

    def audit(self):
        """What anyone but root could write under the scan directory and the broker's own: nothing but the socket."""
        problems = []
        for top in ("/run/service", "/run/svcbroker"):
            for directory, directories, files in os.walk(self.path(top)):
                for name in ["."] + files + directories:
                    path = f"{directory}/{name}"
                    try:
                        entry = os.lstat(path)
                    except FileNotFoundError:
                        continue  # gone meanwhile
                    if stat.S_ISLNK(entry.st_mode):
                        loose = entry.st_uid != 0
                    elif stat.S_ISSOCK(entry.st_mode):
                        loose = entry.st_uid != 0 or entry.st_mode & 0o002
                    else:
                        loose = entry.st_uid != 0 or entry.st_mode & 0o022
                    if loose:
                        problems.append(f"{path[len(self.path('')):]}: {stat.filemode(entry.st_mode)} {entry.st_uid}:{entry.st_gid}")
        return problems

    # Looking in

    def path(self, path):
        """The same file from outside. Symlinks in it would lead out of the tree: name the real place."""
        return f"/proc/{self.pid}/root{path}"

    def slot(self, profile):
        return self.path(f"{SERVICES}/gateway-{profile}")

    def slot_variables(self, profile):
        """The variables in its slot, as slot.h describes them."""
        path = f"{self.slot(profile)}/env"
        if os.path.isdir(path):  # an older broker's
            names = [name for name in os.listdir(path) if not name.startswith(".")]
            return {name: read_bytes(f"{path}/{name}").decode() for name in names}
        found = {}
        for line in read_bytes(path).decode().split("\n")[:-1]:
            if line.startswith(" "):
                found[name] += "\n" + line[1:]
            else:
                name, _, value = line.partition("=")
                found[name] = value
        return found

    def status(self, profile):
        return s6.read_status(self.slot(profile))

    def log(self):
        """The container's log: what the broker, the loggers and s6 said."""
        with open(self.path("/run/container.log"), errors="replace") as file:
            return file.read()

    def wait_log(self, text, timeout=HANG_SEC):
        return wait_until(lambda: text in self.log() and self.log(), timeout, f"{text!r} in the log")

    def processes(self):
        """{pid inside: (command line, parent, group)} of all that lives in the tree; zombies left out."""
        found = {}
        for entry in os.listdir(self.path("/proc")):
            if not entry.isdigit():
                continue
            try:
                with open(self.path(f"/proc/{entry}/stat")) as file:
                    state, parent, group = file.read().rpartition(")")[2].split()[:3]
                with open(self.path(f"/proc/{entry}/cmdline")) as file:
                    line = file.read().replace("\0", " ").strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state != "Z":
                found[int(entry)] = (line, int(parent), int(group))
        return found

    def supervisor(self, name):
        """The pid of an s6-supervise, or None."""
        return next((pid for pid, (line, _, _) in self.processes().items() if line == f"s6-supervise {name}"), None)

    # The broker

    def broker_is_ready(self, other_than=None):
        """other_than: the pid of one that is known to end, and may look ready until s6 has seen that."""
        status = s6.read_status(self.path(BROKER))
        return bool(status and status.ready and status.pid not in (0, other_than) and not status.finishing)

    def broker_failed(self):
        status = s6.read_status(self.path(BROKER))
        return bool(status and not status.pid and not status.want_up)

    def broker_pid(self):
        return s6.read_status(self.path(BROKER)).pid

    def kill_broker(self, signal_name="KILL"):
        """It comes back by itself."""
        pid = self.broker_pid()
        self.expected_ends += 1
        self.signal(signal_name, pid)
        wait_until(lambda: self.broker_is_ready(pid), what="the broker back")

    def stop_broker(self):
        self.expected_ends += 1
        self.run("root", "s6-svc", "-d", "/run/service/svcbrokerd", check=True)
        try:
            wait_until(lambda: not (status := s6.read_status(self.path(BROKER))).pid and not status.want_up, what="the broker down")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.log()[-3000:]}") from error

    def start_broker(self):
        self.run("root", "s6-svc", "-u", "/run/service/svcbrokerd", check=True)
        wait_until(self.broker_is_ready, what="the broker up")

    # Doing things inside

    def run(self, user, *command, check=False, text=None, timeout=600.0):
        """Runs it as that user, in its home; text goes to standard input. CompletedProcess with stdout and stderr as text."""
        result = subprocess.run(
            ["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(self.pid), user, *command],
            cwd=TOP, input=text, stdin=None if text is not None else subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=timeout)
        assert not check or result.returncode == 0, f"{command}: {result}"
        return result

    def signal(self, name, *pids):
        """As root. One that is gone already need not be killed."""
        for pid in pids:
            try:
                self.door("root").kill(signal.Signals[f"SIG{name}"], pid)
            except ProcessLookupError:
                if name != "KILL":
                    raise

    def end_drain(self, pid):
        """A gateway that drains ends by another SIGTERM; two that come at once are one."""
        def ended():
            try:
                self.door("root").kill(signal.SIGTERM, pid)
            except ProcessLookupError:
                return True
            return False

        wait_until(ended, what=f"the end of {pid}")

    def door(self, user):
        if user not in self.doors:
            self.doors[user] = Door(self.pid, *USERS.get(user, user))
        return self.doors[user]

    def connect(self, user="hermes", path=SOCKET):
        """user: a name, or (uid, gid, groups)."""
        return Connection(self.door(user).connect(path), self.service)

    def call(self, method, user="hermes", path=SOCKET, **parameters):
        """One call on a connection of its own."""
        with self.connect(user, path) as connection:
            return connection.call(method, **parameters)

    # What tests do all the time

    def register(self, profile, behaviour="", user="hermes", **parameters):
        if behaviour:
            parameters["environment"] = {"GATEWAY_TEST": behaviour, **parameters.get("environment", {})}
        return self.call("Register", user, profile=profile, **parameters)

    def unregister(self, profile, user="root"):
        """At once, and until it is gone: a supervisor that gets no processor for so long that the broker stops waiting for its end
        is told of as one that does not end, and the gateway is removed when it does."""
        def removed():
            try:
                return self.call("Unregister", user, profile=profile, timeout_msec=1)
            except VarlinkError as error:
                if error.name != "Unsupervised":
                    raise
                return None
        return wait_until(removed, what=f"gateway-{profile} removed")

    def state(self, profile, user="root"):
        return self.call("Status", user, name=f"gateway-{profile}")["service"]

    def wait_state(self, profile, *states, timeout=HANG_SEC):
        return wait_until(lambda: (now := self.state(profile))["state"] in states and now, timeout,
                          f"gateway-{profile} {' or '.join(states)}")

    def wait_gateway(self, profile, timeout=HANG_SEC):
        """Until the gateway's own program runs, so that it can take a signal. Its pid."""
        def running():
            status = self.status(profile)
            if status and status.pid and not status.finishing:
                line = self.processes().get(status.pid, ("",))[0]
                log = self.gateway_log(profile)
                return status.pid if "gateway run" in line and f"started, pid {status.pid}\n" in log else None
            return None
        return wait_until(running, timeout, f"the program of gateway-{profile}")

    def gateway_log(self, profile):
        try:
            with open(self.path(f"/opt/data/logs/gateways/{profile}/current"), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def begin_logger(self, profile):
        """Of a gateway that has not begun yet, which else is down as well: by root, past the broker."""
        self.run("root", "s6-svc", "-wu", "-u", f"/run/service/gateway-{profile}/log", check=True)

    def wait_gateway_log(self, profile, *texts):
        """Until its logger has written all of these: what a gateway printed before something else is seen may be on its way yet."""
        return wait_until(lambda: all(text in (log := self.gateway_log(profile)) for text in texts) and log, what=f"{texts} in its log")

    def begin_run_with(self, profile, line):
        """Its run script is one for a shell, with that line first. Another file: one that is just being executed cannot be written."""
        path = f"{self.slot(profile)}/run"
        with open(path) as run:
            interpreter = run.readline().removeprefix("#!").strip()
        with open(f"{path}~", "w") as run:
            run.write(f'#!/bin/sh\n{line}\nexec {interpreter} "$0"\n')
        os.chmod(f"{path}~", 0o755)
        os.rename(f"{path}~", path)

    def files_of(self, profile):
        """What there is of a gateway: its link, its directory, by whatever name."""
        name = f"gateway-{profile}"
        paths = [f"/run/service/{name}", *(f"{SERVICES}/{entry}" for entry in (name, f".{name}", f".{name}~"))]
        return [path for path in paths if os.path.lexists(self.path(path))]

    def wait_absent(self, profile):
        """Of one whose removal nobody has answered for."""
        wait_until(lambda: not self.files_of(profile), what=f"{profile} gone: {self.files_of(profile)}")
        self.assert_absent(profile)

    def assert_absent(self, profile):
        """Nothing is left of a gateway: no link, no directory, no supervisor, no process."""
        name = f"gateway-{profile}"
        assert not self.files_of(profile)

        def left():
            return [line for line, _, _ in self.processes().values()
                    if line in (f"s6-supervise {name}", f"s6-supervise {name}/log") or f"-p {profile} gateway run" in line
                    or line.endswith(f"/gateways/{profile}")]

        # An s6-supervise that has given up its directory still takes a moment to exit.
        wait_until(lambda: not left(), what=f"{left()} gone")
