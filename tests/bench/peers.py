# SPDX-License-Identifier: ISC
"""What a gateway costs, beside the same program under other supervisors: rows of tools/bench, each what, ours, beside it, ratio.

peers.py BUILD ROUNDS SERVICES. Everyone supervises the same program as uid 10000 with a logger of its own kind, in turns, each in a control
group of its own, which counts what all its processes take: s6's own supervisors with a `run` for execline, supervisord (Debian's
`supervisor`) and dinit where they are installed. An order goes by the way that a program has for it: svcbrokerd's socket, one byte into
s6-supervise's FIFO, supervisord's XML-RPC over its socket, and dinitctl, which is a process."""

import contextlib
import http.client
import os
import pathlib
import select
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import xmlrpc.client

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "tests/integration"))

import idl  # noqa: E402
from cgroup import mounted  # noqa: E402
from tree import SERVICES, Tree, wait_until  # noqa: E402

USER = 10000
QUIET_SEC = 0.2  # after a start or an end, until what follows it has been done
MANY = 100       # started by one order
S6_LOG = "s6-log 1 n10 s1000000 T"


class Group:
    """What all processes of one supervisor take: cgroups(7), v1 (cpuacct and memory) or v2."""

    def __init__(self, name):
        self.paths = {}
        for controller in ("cpuacct", "cpu"):
            self.add(controller, name)
        self.add("memory", name)

    def add(self, controller, name):
        place = mounted(controller)
        path = place and f"{place[0]}{place[1].rstrip('/')}/bench-{os.getpid()}-{name}"
        if path:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path)
            self.paths[controller] = path

    def enter(self):
        for path in set(self.paths.values()):
            with open(f"{path}/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))

    @property
    def words(self):
        """For a shell that enters it."""
        return "".join(f"echo $$ >{path}/cgroup.procs; " for path in set(self.paths.values()))

    def cpu_usec(self):
        with contextlib.suppress(OSError, KeyError):
            with open(f"{self.paths['cpuacct']}/cpuacct.usage") as file:
                return int(file.read()) / 1000
        with open(f"{self.paths['cpu']}/cpu.stat") as file:
            return int(dict(line.split() for line in file)["usage_usec"])

    def memory_kib(self):
        """With what the kernel needs for them, and without the pages of files, which it would give back."""
        path = self.paths["memory"]
        with open(f"{path}/memory.stat") as file:
            stat = {name: int(value) for name, value in (line.split() for line in file)}
        for name in ("memory.usage_in_bytes", "memory.current"):
            with contextlib.suppress(FileNotFoundError):
                with open(f"{path}/{name}") as file:
                    return (int(file.read()) - stat["active_file"] - stat["inactive_file"]) / 1024
        raise SystemExit("no controller of memory")

    def remove(self):
        for path in set(self.paths.values()):
            wait_until(lambda: self.is_removed(path), what=f"{path} empty")

    @staticmethod
    def is_removed(path):
        try:
            os.rmdir(path)
        except OSError:
            return not os.path.exists(path)
        return True


class Ups:
    """Where the programs say that they have begun."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(str(path))
        os.chmod(path, 0o666)

    def next(self):
        """(when, in seconds of time.monotonic(); a pidfd of it)."""
        self.socket.settimeout(60)
        data, control, _, _ = self.socket.recvmsg(8, socket.CMSG_SPACE(12))
        pid = struct.unpack("3i", control[0][2])[0]
        return struct.unpack("q", data)[0] / 1e9, os.pidfd_open(pid)


def wait_ended(pidfd):
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    if not poll.poll(60000):
        raise SystemExit("a program did not end within 60 s")
    os.close(pidfd)


class Ours:
    name = "svcbrokerd"

    def __init__(self, group, directory, build, count):
        self.count = count
        self.tree = Tree(build, idl.Service((TOP / "proto/io.svcbroker.varlink").read_text(), (TOP / "proto/org.varlink.service.varlink").read_text()),
                         ("--services-max", str(count + 100)), profiles="")
        self.tree.first = group.words
        self.tree.tainted = True
        self.tree.boot(patience=60)
        program = pathlib.Path(self.tree.path("/opt/hermes/.venv/bin"))
        shutil.copy(directory / "up", program / "hermes~")
        os.rename(program / "hermes~", program / "hermes")
        self.ups = Ups(program / "up.socket")
        self.root = self.tree.connect("root")

    def fill(self):
        for number in range(self.count):
            self.register(number)

    def register(self, number):
        profile = pathlib.Path(self.tree.path(f"/opt/data/profiles/{self.profile(number)}"))
        profile.mkdir(parents=True, exist_ok=True)
        (profile / "SOUL.md").touch()
        for path in (profile.parent, profile, profile / "SOUL.md"):
            os.chown(path, USER, USER)
        self.root.call("Register", profile=self.profile(number), start=False)

    @staticmethod
    def profile(number):
        return f"p{number}"

    def start(self, number):
        self.root.call("Start", names=[f"gateway-{self.profile(number)}"])

    def stop(self, number):
        self.root.call("Stop", names=[f"gateway-{self.profile(number)}"])

    def start_many(self, numbers):
        self.root.call("Start", names=[f"gateway-{self.profile(number)}" for number in numbers])

    def end(self):
        self.tree.stop()


class Alone:
    """Others, on this machine's own processes."""

    def __init__(self, group, directory, build, count):
        self.directory, self.count, self.group = directory, count, group
        self.program = directory / "up"
        self.ups = Ups(directory / "up.socket")

    def spawn(self, *words):
        self.process = subprocess.Popen([str(word) for word in words], preexec_fn=self.group.enter, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd=self.directory)

    def start_many(self, numbers):
        for number in numbers:
            self.start(number)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class S6(Alone):
    name = "s6"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.scandir = self.directory / "scan"
        self.scandir.mkdir()
        self.spawn("s6-svscan", "-t0", self.scandir)
        wait_until(lambda: (self.scandir / ".s6-svscan/control").exists(), what="s6-svscan")

    def fill(self):
        execlineb = next(path for path in ("/usr/lib/execline/bin/execlineb", shutil.which("execlineb")) if path and os.path.exists(path))
        for number in range(self.count):
            place = self.directory / f"services/s{number}"
            (place / "log").mkdir(parents=True)
            (place / "down").touch()
            logs = self.directory / f"logs/{number}"
            logs.mkdir(parents=True)
            os.chown(logs, USER, USER)
            self.script(place / "run", f"#!{execlineb} -P\ns6-setuidgid {USER}:{USER}\n{self.program}\n")
            self.script(place / "log/run", f"#!{execlineb} -P\ns6-setuidgid {USER}:{USER}\n{S6_LOG} {logs}\n")
            os.symlink(place, self.scandir / f"s{number}")
        subprocess.run(["s6-svscanctl", "-a", self.scandir], check=True)
        wait_until(lambda: all((self.scandir / f"s{number}/{part}supervise/status").exists() for number in range(self.count) for part in ("", "log/")),
                   60, "all supervisors")

    @staticmethod
    def script(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def order(self, number, letter):
        fd = os.open(self.scandir / f"s{number}/supervise/control", os.O_WRONLY | os.O_NONBLOCK)
        os.write(fd, letter)
        os.close(fd)

    def start(self, number):
        self.order(number, b"u")

    def stop(self, number):
        self.order(number, b"d")


class Supervisord(Alone):
    """Its user has to have a name."""

    name = "supervisord"

    class Transport(xmlrpc.client.Transport):
        def __init__(self, path):
            super().__init__()
            self.path = path

        def make_connection(self, host):
            if not self._connection or self._connection[0] != host:
                connection = http.client.HTTPConnection("localhost")
                connection.connect = lambda: self.connect(connection)
                self._connection = host, connection
            return self._connection[1]

        def connect(self, connection):
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.connect(self.path)

    def fill(self):
        path = self.directory / "supervisor.sock"
        (self.directory / "log").mkdir()
        lines = ["[unix_http_server]", f"file={path}", "[rpcinterface:supervisor]",
                 "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
                 "[supervisord]", "nodaemon=true", f"logfile={self.directory}/supervisord.log", f"pidfile={self.directory}/pid", "user=root",
                 f"minfds={self.count * 4 + 1000}"]
        for number in range(self.count):
            lines += [f"[program:s{number}]", f"command={self.program}", "autostart=false", "user=nobody", "startsecs=0", "redirect_stderr=true",
                      f"stdout_logfile={self.directory}/log/{number}"]
        config = self.directory / "supervisord.conf"
        config.write_text("\n".join(lines) + "\n")
        self.spawn("/usr/bin/supervisord", "-c", config)
        self.server = xmlrpc.client.ServerProxy("http://localhost", transport=self.Transport(str(path)))
        wait_until(self.answers, 60, "supervisord")

    def answers(self):
        try:
            return self.server.supervisor.getState()
        except (OSError, http.client.HTTPException):
            return None

    def start(self, number):
        self.server.supervisor.startProcess(f"s{number}", False)

    def stop(self, number):
        self.server.supervisor.stopProcess(f"s{number}", False)


class Dinit(Alone):
    name = "dinit"

    def fill(self):
        services = self.directory / "dinit"
        services.mkdir()
        (self.directory / "log").mkdir()
        (services / "boot").write_text("type = internal\n")
        for number in range(self.count):
            (services / f"s{number}").write_text(f"type = process\ncommand = {self.program}\nrun-as = {USER}:{USER}\nrestart = true\n"
                                                 f"logfile = {self.directory}/log/{number}\n")
        self.path = self.directory / "dinit.sock"
        self.spawn("dinit", "--container", "-d", services, "-p", self.path)
        wait_until(self.path.exists, what="dinit")

    def control(self, *words):
        subprocess.run(["dinitctl", "-p", self.path, *words], check=True, stdout=subprocess.DEVNULL)

    def start(self, number):
        self.control("start", "--no-wait", f"s{number}")

    def stop(self, number):
        self.control("stop", "--no-wait", f"s{number}")


def measure(build, rounds, count):
    kinds = [Ours, S6] + ([Supervisord] if os.path.exists("/usr/bin/supervisord") else []) + ([Dinit] if shutil.which("dinit") else [])
    taken = {kind: {"memory": [], "many": [], "many CPU": [], "latency": [], "CPU": []} for kind in kinds}
    with contextlib.ExitStack() as stack:
        running = {kind: begin(stack, kind, build, count, taken[kind]) for kind in kinds}
        for number in range(rounds):
            for kind in kinds:
                start_and_stop(*running[kind], number % count, taken[kind])
        for kind in kinds:
            start_many(*running[kind], taken[kind])
    say(kinds, taken, count)


def begin(stack, kind, build, count, taken):
    directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/run", prefix="bench-")))
    directory.chmod(0o755)
    shutil.copy(TOP / build / "tests/bench/bench_up", directory / "up")
    group = Group(kind.name)
    stack.callback(group.remove)
    peer = kind(group, directory, build, count)
    stack.callback(peer.end)
    time.sleep(2)
    before = group.memory_kib()
    peer.fill()
    time.sleep(2)
    taken["memory"].append((group.memory_kib() - before) / count)
    print(f"bench: {kind.name}: {count} are there", file=sys.stderr)
    return peer, group


def start_and_stop(peer, group, number, taken):
    before = group.cpu_usec()
    began = time.monotonic()
    peer.start(number)
    when, pidfd = peer.ups.next()
    time.sleep(QUIET_SEC)
    peer.stop(number)
    wait_ended(pidfd)
    time.sleep(QUIET_SEC)
    taken["latency"].append((when - began) * 1000)
    taken["CPU"].append((group.cpu_usec() - before) / 1000)


def start_many(peer, group, taken):
    numbers = range(min(MANY, peer.count))
    before = group.cpu_usec()
    began = time.monotonic()
    peer.start_many(numbers)
    ups = [peer.ups.next() for _ in numbers]
    time.sleep(QUIET_SEC)
    taken["many"].append((max(when for when, _ in ups) - began) * 1000)
    taken["many CPU"].append((group.cpu_usec() - before) / 1000)
    for number in numbers:
        peer.stop(number)
    for _, pidfd in ups:
        wait_ended(pidfd)
    time.sleep(QUIET_SEC)


def say(kinds, taken, count):
    rows = (("CPU", "a start and a stop, CPU of all processes", "ms"), ("latency", "from the order to the program's first instruction", "ms"),
            ("many", f"{min(MANY, count)} started by one order, until the last one runs", "ms"),
            ("many CPU", "the same, CPU of all processes", "ms"), ("memory", "memory of one that is down, the kernel's included", "KiB"))
    for key, what, unit in rows:
        ours = statistics.median(taken[Ours][key])
        for kind in kinds[1:]:
            theirs = statistics.median(taken[kind][key])
            print(f"{what} / {kind.name}\t{ours:.2f} {unit}\t{theirs:.2f} {unit}\t{ours / theirs if theirs > 0 else float('inf'):.2f}", flush=True)


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
