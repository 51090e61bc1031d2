# SPDX-License-Identifier: ISC
"""What befalls a tree: each fault is drawn whole before it begins, lasts as long as it was drawn, and is taken back."""

import os
import random
import re
import subprocess
import threading
import time

import s6
from tree import BROKER, SERVICES, TOP

PYTHON = "/usr/bin/python3"
CONTROL = f"{BROKER}/supervise/control"
END_SEC = 90  # for a broker that was told to end, on a machine that has other things to do

# What befalls it, and how often.
FAULTS = {"kill-broker": 6, "end-broker": 6, "kill-supervisor": 12, "kill-gateway": 16, "kill-logger": 5, "stop-supervisor": 3, "stop-gateway": 3,
          "stop-broker": 2, "restart-container": 1, "hang": 5, "full": 4, "unwritable": 3, "clock": 5, "nowhere": 4, "rescan": 4, "by-hand": 5}


class Chaos(threading.Thread):
    def __init__(self, soak, number, kinds):
        super().__init__(name=f"chaos-{number}", daemon=True)
        self.soak = soak
        self.ledger = soak.ledger
        self.random = random.Random(f"{soak.seed}/chaos/{number}")
        self.kinds = {kind: FAULTS[kind] for kind in kinds}
        self.pause_most = soak.pause_most

    @property
    def tree(self):
        return self.soak.tree

    def run(self):
        while not self.soak.ending.is_set():
            draw = self.random
            kind = draw.choices(list(self.kinds), list(self.kinds.values()))[0]
            drawn = {"name": draw.choice(self.soak.names), "seconds": round(draw.uniform(0.2, 6), 1), "chance": draw.random(),
                     "step": draw.choice([-86400, -3600, -61, -3, 3, 61, 3600, 86400])}
            pause = draw.uniform(0, self.pause_most)
            self.ledger.trace(self.name, f"{kind} {drawn}")
            try:
                getattr(self, f"do_{kind.replace('-', '_')}")(drawn)
                self.ledger.count(f"fault {kind}")
            except (FileNotFoundError, ProcessLookupError, ConnectionError):
                pass  # what it was to befall is gone
            except OSError as error:
                self.ledger.trace(self.name, f"{kind}: {error}")
            except Exception as error:  # noqa: BLE001: the soak goes on, and says so at its end
                self.ledger.violated(f"{self.name}: {kind} {drawn}: {error!r}")
            self.soak.ending.wait(pause)

    def lasts(self, drawn):
        self.soak.ending.wait(drawn["seconds"])

    # The broker

    def wait_ready(self, other_than):
        def ready():
            return self.tree.broker_is_ready(other_than) or None
        if not self.wait(ready, 300):
            self.ledger.violated(f"the broker is not ready again within 300 s: {self.tree.log()[-2000:]}")

    @staticmethod
    def wait(condition, seconds):
        until = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < until:
            time.sleep(0.02)
        return value

    def do_kill_broker(self, _):
        with self.soak.broker_lock:
            if not self.tree.broker_is_ready():
                return
            pid = self.tree.broker_pid()
            self.soak.ended_pids.add(pid)
            self.ledger.trace("broker", f"{pid} is killed")
            self.soak.signal("KILL", pid)
            self.wait_ready(pid)

    def do_end_broker(self, drawn):
        """In order: it says what it has to say, and is gone."""
        with self.soak.broker_lock:
            if not self.tree.broker_is_ready():
                return
            path = self.tree.path(BROKER)
            pid = self.tree.broker_pid()
            self.soak.ended_pids.add(pid)
            self.ledger.trace("broker", f"{pid} is told to end")
            began = time.monotonic()
            self.control(CONTROL, b"d")
            if not self.wait(lambda: not (status := s6.read_status(path)).pid and not status.want_up, END_SEC):
                self.ledger.violated(f"the broker did not end within {END_SEC} s of SIGTERM: {self.soak.explain(pid)}")
                self.soak.signal("KILL", pid)
                self.wait(lambda: not s6.read_status(path).pid, END_SEC)
            elif s6.read_status(path).wait_status:
                self.ledger.violated(f"the broker ended with wait status {s6.read_status(path).wait_status:#x}: {self.tree.log()[-3000:]}")
            self.ledger.took("end of the broker", time.monotonic() - began)
            if drawn["chance"] < 0.3:
                self.lasts(drawn)
            self.control(CONTROL, b"u")
            self.wait_ready(pid)

    def do_stop_broker(self, drawn):
        with self.soak.broker_lock:
            self.pause(self.tree.broker_pid(), drawn)

    def do_restart_container(self, _):
        """Everything is killed at once, whatever is under way; another one has the same volume."""
        with self.soak.broker_lock:
            self.soak.ask_for_restart()

    # Others

    def control(self, path, letters):
        descriptor = os.open(self.tree.path(path), os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(descriptor, letters)
        finally:
            os.close(descriptor)

    def kill(self, pid, name="KILL"):
        if pid:
            self.soak.signal(name, pid)

    def do_kill_supervisor(self, drawn):
        self.kill(self.tree.supervisor(f"gateway-{drawn['name']}{'/log' if drawn['chance'] < 0.3 else ''}"))

    def do_kill_gateway(self, drawn):
        self.kill((status := self.tree.status(drawn["name"])) and status.pid)

    def do_kill_logger(self, drawn):
        status = s6.read_status(f"{self.tree.slot(drawn['name'])}/log")
        self.kill(status and status.pid)

    def do_stop_supervisor(self, drawn):
        pid = self.tree.supervisor(f"gateway-{drawn['name']}")
        self.pause(pid, drawn)

    def do_stop_gateway(self, drawn):
        self.pause((status := self.tree.status(drawn["name"])) and status.pid, drawn)

    def pause(self, pid, drawn):
        if not pid:
            return
        self.soak.signal("STOP", pid)
        self.lasts(drawn)
        self.soak.signal("CONT", pid)

    def do_by_hand(self, drawn):
        """Root's s6-svc: no intent, so what was wanted comes back; and s6-svc -u is taken back, since what it starts runs on."""
        letters = b"d" if drawn["chance"] < 0.5 else b"t" if drawn["chance"] < 0.8 else b"k"
        self.control(f"{SERVICES}/gateway-{drawn['name']}/supervise/control", letters)

    def do_rescan(self, _):
        self.control("/run/service/.s6-svscan/control", b"an")

    def do_nowhere(self, drawn):
        """s6 gives a scan up when a name leads nowhere."""
        path = self.tree.path(f"/run/service/nowhere-{self.name}")
        os.symlink("/run/nowhere", path)
        try:
            self.do_rescan(drawn)
            self.lasts(drawn)
        finally:
            os.unlink(path)

    def do_clock(self, drawn):
        if self.soak.ground.has_clock:
            self.soak.ground.step_clock(drawn["step"])

    # The volume

    def do_hang(self, drawn):
        """All of it, the records, or a profile's directory."""
        where = "/opt/data" if drawn["chance"] < 0.4 else "/opt/data/.svcbroker" if drawn["chance"] < 0.6 else f"/opt/data/profiles/{drawn['name']}"
        with self.soak.volume_fault():
            process = subprocess.Popen(["nsenter", "--target", str(self.tree.pid), "--mount", "--pid", PYTHON, f"{TOP}/tests/integration/hang.py", where],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if process.stdout.readline() == b"hung\n":
                self.lasts(drawn)
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def do_full(self, drawn):
        path = f"{self.soak.ground.mount}/filler-{self.name}"
        with self.soak.volume_fault():
            try:
                with open(path, "wb", buffering=0) as file:
                    found = os.statvfs(path)
                    os.posix_fallocate(file.fileno(), 0, max(1, found.f_bavail * found.f_frsize - (0 if drawn["chance"] < 0.7 else 8192)))
                self.lasts(drawn)
            finally:
                os.unlink(path)

    def do_unwritable(self, drawn):
        """The client may do that: the records' directory is not its own any more."""
        path = f"{self.soak.ground.mount}/.svcbroker/intent"
        with self.soak.volume_fault():
            os.chmod(path, 0o500)
            try:
                self.lasts(drawn)
            finally:
                os.chmod(path, 0o700)


def threads_of(host_pid):
    """Where each thread of a process is, for who wants to know why it does not go on."""
    lines = []
    for task in sorted(os.listdir(f"/proc/{host_pid}/task"), key=int):
        words = []
        for name in ("comm", "wchan", "syscall"):
            try:
                with open(f"/proc/{host_pid}/task/{task}/{name}") as file:
                    words.append(file.read().strip())
            except OSError as error:
                words.append(str(error))
        lines.append(f"{task}: {' '.join(words)}")
    try:
        found = subprocess.run(["gdb", "-p", str(host_pid), "-batch", "-nx", "-ex", "thread apply all bt"], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, timeout=120, check=False)
        lines.append(found.stdout[-20000:])
    except (OSError, subprocess.TimeoutExpired) as error:
        lines.append(f"gdb: {error}")
    return "\n".join(lines)


def host_pid(tree, pid):
    """The same process as seen from here."""
    own = os.readlink(f"/proc/{tree.pid}/ns/pid")
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/ns/pid") != own:
                continue
            with open(f"/proc/{entry}/status") as file:
                if re.search(rf"^NSpid:.*\t{pid}$", file.read(), re.MULTILINE):
                    return int(entry)
        except OSError:
            continue
    return None


