# SPDX-License-Identifier: ISC
"""A run from its beginning to its end; tools/soak is its command line."""

import contextlib
import os
import re
import shutil
import signal
import tempfile
import threading
import time

from calm import listed, wait_calm
from chaos import Chaos, host_pid, threads_of
from clients import Client
from ground import Ground
from ledger import Ledger
from look import Looker, Watcher
from tree import SANITIZER_WORDS, SOCKET, TOP
from varlink import Closed, Connection, VarlinkError

WELL_SEC = 15.0  # after a fault of the volume, until what could not be written is there
WORDS = (*SANITIZER_WORDS, "the loop stands: ended", "Assertion", "not one of ours")
USERS = ("hermes", "hermes", "hermes", "root")
PASSING = 5  # one of so many comes and goes


class Soak:
    def __init__(self, options):
        self.options = options
        self.seed = options.seed
        self.pause_most = options.pause
        os.makedirs(options.logs, exist_ok=True)
        self.work = tempfile.mkdtemp(prefix="soak.")
        self.names = [f"g{number:03}" for number in range(options.gateways)]
        lasting = options.gateways - max(1, options.gateways // PASSING)
        self.passing = self.names[lasting:]
        self.trace_file = open(f"{options.logs}/trace", "w")
        self.ledger = Ledger(self.names, lasting, self.trace_file)
        self.ending = threading.Event()
        self.coming = threading.Lock()
        self.broker_lock = threading.Lock()
        self.gate = threading.Lock()
        self.restart_wanted = threading.Event()
        self.restarted = threading.Event()
        self.container_is_away = True
        self.faults_lock = threading.Lock()
        self.volume_faults = 0
        self.volume_well_since = 0.0
        self.ended_pids = set()
        self.containers = 0
        self.tree = None
        self.watchers = []
        self.looker = None
        self.problems_at_first = []
        with open(f"{TOP}/{options.build}/stage/usr/local/sbin/svcbrokerd", "rb") as file:
            self.sanitized = b"__asan_init" in file.read()
        self.ground = Ground(options.build, self.work, self.names, options.s6)

    def connect(self, user):
        with self.gate:
            return Connection(self.door(user).connect(SOCKET), self.ground.service)

    def signal(self, name, pid):
        """To a process that may be gone. 0 would be all of this one's group."""
        if not pid:
            raise ProcessLookupError("it has no process")
        with self.gate:
            self.door("root").kill(signal.Signals[f"SIG{name}"], pid)

    def door(self, user):
        if self.container_is_away:
            raise ConnectionRefusedError("the container is away")
        return self.tree.door(user)

    @contextlib.contextmanager
    def volume_fault(self):
        with self.faults_lock:
            self.volume_faults += 1
        try:
            yield
        finally:
            with self.faults_lock:
                self.volume_faults -= 1
                self.volume_well_since = time.monotonic()

    def volume_is_well(self):
        with self.faults_lock:
            return not self.volume_faults and time.monotonic() - self.volume_well_since > WELL_SEC

    def explain(self, pid):
        return threads_of(host_pid(self.tree, pid))

    # A run

    def run(self):
        try:
            self.begin()
            self.go_on()
            self.end()
        except KeyboardInterrupt:
            self.ledger.violated("interrupted")
        except Exception as error:  # noqa: BLE001: whatever it is, the logs are kept
            self.ledger.violated(f"the soak itself: {error!r}")
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.ending.set()
            self.leave()
        return self.summary()

    def begin(self):
        for name in self.names:
            self.ground.make_profile(name)
        self.boot()
        self.problems_at_first = self.tree.call("Health", "root")["problems"]
        self.looker = Looker(self)
        self.begin_watching()

    def boot(self):
        """A container, whether there was one before or not."""
        self.tree = self.ground.boot()
        for user in ("hermes", "root"):
            self.tree.door(user)
        self.ended_pids.clear()
        if self.looker:
            self.looker.begin()
        self.container_is_away = False

    def ask_for_restart(self):
        """By a thread of the chaos. A tree ends with the thread that began it, so that it has to be the main one."""
        self.restarted.clear()
        self.restart_wanted.set()
        while not self.restarted.wait(0.2):
            if self.ending.is_set() and not self.container_is_away:
                return

    def restart_container(self):
        self.restart_wanted.clear()
        self.end_container()
        for profile in self.ledger.profiles.values():
            profile.forget()
        self.boot()
        self.restarted.set()

    def end_container(self):
        """At once: all that was not on the volume is gone."""
        with self.gate:
            self.container_is_away = True
            self.check_log()
            self.containers += 1
            self.ground.keep_logs(f"{self.options.logs}/container.{self.containers}.log")
            self.tree.kill()

    def begin_watching(self):
        self.watchers = [Watcher(self, user) for user in ("hermes", "root")]
        for watcher in self.watchers:
            watcher.start()

    def go_on(self):
        count = self.options.clients
        actors = [Client(number, USERS[number % len(USERS)], self) for number in range(count)]
        if self.options.faults:
            actors += [Chaos(self, number, self.options.faults) for number in range(self.options.chaos)]
        began = time.monotonic()
        for actor in [*actors, self.looker]:
            actor.start()
        minute = 1
        while (now := time.monotonic() - began) < self.options.minutes * 60:
            if self.restart_wanted.wait(min(1.0, self.options.minutes * 60 - now)):
                self.restart_container()
            if time.monotonic() - began >= minute * 60:
                self.print_figures(minute)
                minute += 1
        self.ending.set()
        for actor in actors:
            actor.join(200)
            if actor.is_alive():
                self.ledger.violated(f"{actor.name}: no end of what it does")

    def end(self):
        # What was looked up too early is looked up now: gateways of directories that are gone go.
        try:
            self.tree.call("Reconcile", "root")
        except (VarlinkError, Closed) as error:
            self.ledger.violated(f"Reconcile at the end: {error}")
        wait_calm(self, "at the end")
        self.looker.look()
        if self.options.reboot:
            self.reboot()

    def reboot(self):
        """A container that ends at once, and another on the same volume: it is as it was."""
        wants = {service["profile"]: {service["want"]} for service in listed(self).values() if service.get("profile")}
        wants = {name: wants.get(name, {"any"}) for name in self.names}
        self.end_container()
        self.boot()
        wait_calm(self, "after a restart of the container", wants)

    def stop_watching(self):
        for watcher in self.watchers:
            watcher.closed.set()
        for watcher in self.watchers:
            watcher.join(30)

    def check_log(self):
        lines = [line for line in self.tree.log().splitlines() if any(word in line for word in WORDS)]
        if lines:
            self.ledger.violated(f"the log has: {lines[:20]}")
        self.ledger.count("lines of the watchdog", self.tree.log().count("watchdog: the loop stands"))

    def leave(self):
        with contextlib.suppress(Exception):
            self.stop_watching()
        with contextlib.suppress(Exception):
            self.end_container()
        self.ground.close()
        shutil.rmtree(self.work, ignore_errors=True)

    # What is told of it

    def print_figures(self, minute):
        counts, looker = self.ledger.counts, self.looker
        faults = sum(number for what, number in counts.items() if what.startswith("fault "))
        try:
            with self.connect("root") as connection:
                health = connection.call("Health")
            state = f"{health['up']} up of {health['wanted']} wanted of {health['services']}"
        except (OSError, Closed, VarlinkError) as error:
            state = str(error)
        print(f"{minute} min: {counts.get('calls', 0)} calls, {counts.get('calls cut', 0)} cut, {counts.get('events', 0)} events, {faults} faults; {state}; "
              f"broker {looker.now.get('KiB')} KiB, {looker.now.get('descriptors')} descriptors, {looker.now.get('threads')} threads; "
              f"{looker.most['processes']} processes at most; {len(self.ledger.violations)} violations", flush=True)

    def summary(self):
        self.trace_file.close()
        counts, options = self.ledger.counts, self.options
        print(f"seed {self.seed}, s6 {options.s6}, {options.gateways} gateways, {options.minutes:g} min, {options.build}")
        for title, prefix in (("faults", "fault "), ("errors", "error ")):
            found = {what.removeprefix(prefix): number for what, number in sorted(counts.items()) if what.startswith(prefix)}
            print(f"{title}: {', '.join(f'{what} {number}' for what, number in found.items()) or 'none'}")
        print(", ".join(f"{what} {number}" for what, number in sorted(counts.items()) if not re.match("fault |error ", what)))
        print("at most: " + ", ".join(f"{number} {what}" for what, number in (self.looker.most if self.looker else {}).items()))
        print("slowest: " + ", ".join(f"{what} {seconds:.2f} s" for what, seconds in sorted(self.ledger.slowest.items())))
        print(f"logs: {options.logs}")
        for violation in self.ledger.violations:
            print(f"VIOLATED {violation[:3000]}")
        print("nothing violated" if not self.ledger.violations else f"{len(self.ledger.violations)} violations")
        return 1 if self.ledger.violations else 0
