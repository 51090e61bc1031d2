# SPDX-License-Identifier: ISC
"""Looking on from outside: while it goes on, at what must hold always; and for figures."""

import json
import os
import threading
import time

import idl
import s6
from tree import BROKER, SERVICES
from varlink import Closed, VarlinkError

LOOK_SEC = 2.0
MEMORY_KIB = 51 * 1024  # MEMORY_BYTES of daemon/bounds.h
FILES_MOST = 400        # connections, what is being closed, FILES_OWN
THREADS_MOST = 48       # both deputies with all that may hang, the closer's, the loop and its watchdog
ZOMBIE_SEC = 30.0
# What may stay of all that begins with a dot where the broker writes. The marker is the application's to read, and counts for a minute.
EXPECTED = (".boot", ".state", ".empty", ".svcbroker", ".svcbroker-slot", ".services.template", ".s6-svscan", ".gateway-planned-stop.json")


def left_anywhere(tree, mount):
    """Every name that begins with a dot, as all of what is half done does, where the broker writes."""
    tops = [tree.path("/run/svcbroker"), tree.path("/run/service"), f"{mount}/.svcbroker", f"{mount}/profiles"]
    found = [os.path.join(top, name) for top in tops for top, directories, files in os.walk(top) for name in directories + files]
    found += [os.path.join(mount, name) for name in os.listdir(mount)]
    return [path for path in found if os.path.basename(path).startswith(".") and os.path.basename(path) not in EXPECTED]


def intent_on(mount, profile):
    """None: there is none."""
    try:
        with open(f"{mount}/.svcbroker/intent/{profile}") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


class Watcher(threading.Thread):
    """Puts together what Watch tells, from the beginning on after each broker."""

    def __init__(self, soak, user):
        super().__init__(name=f"watch-{user}", daemon=True)
        self.soak = soak
        self.user = user
        self.picture = {}
        self.closed = threading.Event()

    def run(self):
        while not self.closed.is_set():
            try:
                with self.soak.connect(self.user) as connection:
                    self.follow(connection)
            except (OSError, Closed):
                self.closed.wait(0.1)
            except (idl.Mismatch, VarlinkError) as error:
                self.soak.ledger.violated(f"{self.name}: {error}")
                self.closed.wait(1)

    def follow(self, connection):
        self.picture = {}
        connection.send("Watch", {}, more=True)
        while not self.closed.is_set():
            try:
                told = connection.result(1.0)
            except TimeoutError:
                continue
            name = told["service"]["name"]
            if (told["event"] == "present") == (name in self.picture):
                self.soak.ledger.violated(f"{self.name}: {told['event']} of {name}, which is {'' if name in self.picture else 'not '}known")
            if told["event"] == "removed":
                self.picture.pop(name, None)
            else:
                self.picture[name] = told["service"]
            self.soak.ledger.count("events")


class Looker(threading.Thread):
    """Processes, the broker's size, and what it says is wanted, every few seconds."""

    def __init__(self, soak):
        super().__init__(name="look", daemon=True)
        self.soak = soak
        self.ledger = soak.ledger
        self.begin()
        self.most = {"KiB": 0, "descriptors": 0, "threads": 0, "processes": 0}
        self.now = {}

    def begin(self):
        """Of a container."""
        self.zombies = {}
        self.pid = None

    def run(self):
        while not self.soak.ending.wait(LOOK_SEC):
            self.look()

    def look(self):
        if self.soak.container_is_away:
            return
        for part in (self.look_at_broker, self.look_at_processes, self.look_at_wants):
            try:
                part()
            except (OSError, Closed, VarlinkError):
                pass  # the broker, or a process, is gone just now
            except Exception as error:  # noqa: BLE001: the soak goes on, and says so at its end
                self.ledger.violated(f"{part.__name__}: {error!r}")

    def look_at_broker(self):
        status = s6.read_status(self.soak.tree.path(BROKER))
        if status.finishing:
            return  # that process is its finish script
        pid = status.pid
        if self.pid and pid != self.pid and self.pid not in self.soak.ended_pids:
            self.ledger.violated(f"the broker, {self.pid}, ended by itself: {self.soak.tree.log()[-3000:]}")
        self.pid = pid or self.pid
        if not pid:
            return
        with open(self.soak.tree.path(f"/proc/{pid}/status")) as file:
            told = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        # Until it is one, it is its run script.
        if "VmRSS" not in told or told["Name"] != "svcbrokerd":
            return
        self.now = {"KiB": int(told["VmRSS"].split()[0]), "threads": int(told["Threads"]),
                    "descriptors": len(os.listdir(self.soak.tree.path(f"/proc/{pid}/fd")))}
        for what, bound in (("KiB", None if self.soak.sanitized else MEMORY_KIB), ("descriptors", FILES_MOST), ("threads", THREADS_MOST)):
            if bound and self.now[what] > bound:
                self.ledger.violated(f"the broker has {self.now[what]} {what}, over {bound}")
            self.most[what] = max(self.most[what], self.now[what])

    def states(self):
        """{pid: (state, start time, name)} of all, zombies included."""
        found = {}
        for entry in filter(str.isdigit, os.listdir(self.soak.tree.path("/proc"))):
            try:
                with open(self.soak.tree.path(f"/proc/{entry}/stat")) as file:
                    head, _, rest = file.read().rpartition(")")
            except OSError:
                continue
            words = rest.split()
            found[int(entry)] = (words[0], words[19], head.partition("(")[2])
        return found

    def look_at_processes(self):
        states = self.states()
        self.most["processes"] = max(self.most["processes"], len(states))
        now = time.monotonic()
        dead = {(pid, start): name for pid, (state, start, name) in states.items() if state == "Z"}
        self.zombies = {key: self.zombies.get(key, now) for key in dead}
        for key, since in self.zombies.items():
            # Those of a supervisor that was stopped wait for it.
            if now - since > ZOMBIE_SEC:
                self.ledger.violated(f"a zombie for {now - since:.0f} s: {key[0]} {dead[key]}")
                self.zombies[key] = now + 1e9
        for profile, pids in self.gateways().items():
            if len(pids) > 1 and len(alive := [pid for pid in pids if self.is_same(pid, states)]) > 1:
                self.ledger.violated(f"two processes of gateway-{profile}: {alive}")

    def is_same(self, pid, states):
        try:
            with open(self.soak.tree.path(f"/proc/{pid}/stat")) as file:
                words = file.read().rpartition(")")[2].split()
        except OSError:
            return False
        return words[0] not in "ZX" and pid in states and states[pid][1] == words[19]

    def gateways(self):
        """{profile: pids} of the gateways' own programs, and of no script before or behind them."""
        found = {}
        for pid, (line, _, _) in self.soak.tree.processes().items():
            words = line.split()
            if words[-3:] == ["gateway", "run", "--replace"] and "python3" in words[0] and "-p" in words:
                found.setdefault(words[words.index("-p") + 1], []).append(pid)
        return found

    def look_at_wants(self):
        """Each is as one of those orders left it that can be the last; and so says the volume, once it was said to be there."""
        profiles = [profile for profile in self.ledger.profiles.values() if profile.lasting]
        volume_is_well = self.soak.volume_is_well()
        persisted = {profile.name: profile.persisted for profile in profiles}
        before = {profile.name: profile.want.candidates() for profile in profiles}
        with self.soak.connect("root") as connection:
            began = time.monotonic() - self.ledger.began
            wants = {service["name"]: service["want"] for reply in connection.stream("List") for service in reply["services"]}
        intents = {profile.name: intent_on(self.soak.ground.mount, profile.name) for profile in profiles} if volume_is_well else {}
        for profile in profiles:
            allowed = before[profile.name] | profile.want.candidates()
            want = wants.get(profile.service, "absent")
            if not profile.want.allows(want, allowed):
                self.ledger.violated(f"{profile.service} is told as wanted {want} since {began:.3f}: {allowed} can be")
            intent = intents.get(profile.name)
            if intent and persisted[profile.name] and profile.persisted and self.soak.volume_is_well() \
                    and not profile.want.allows(intent["want"], allowed):
                self.ledger.violated(f"{profile.service} is on the volume as wanted {intent['want']}: {allowed} can be")


def slot_record(tree, profile):
    with open(f"{tree.path(SERVICES)}/gateway-{profile}/data/state") as file:
        return json.load(file)
