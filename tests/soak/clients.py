# SPDX-License-Identifier: ISC
"""Who orders: each client draws what it does from a sequence of its own, whatever becomes of it."""

import random
import socket
import threading
import time

import idl
from ledger import ANY
from varlink import Closed, VarlinkError, encode

# The order holds, whatever became of the wait for it.
STANDS = ("WaitTimeout", "Superseded", "Failed")
# Nothing was done.
REFUSED = ("NotRegistered", "NoSuchService", "InvalidName", "Protected", "TooManyServices", "LimitExceeded", "Busy")

BEHAVIOURS = [""] * 12 + ["crash:4", "kill:6", "exit:1:3", "exit:0:5", "exit:75:5", "exit:78:2", "drain:2", "drain:1"]
STEADY = ("", "drain:1", "drain:2")

# What a client does, and how often.
VERBS = {"start": 22, "stop": 18, "restart": 14, "several": 8, "all": 0.4, "reset": 4, "register": 8, "come": 8, "go": 7, "reconcile": 4,
         "list": 6, "status": 8, "health": 5, "diagnose": 2, "watch": 3, "rude": 6}


class Client(threading.Thread):
    def __init__(self, number, user, soak):
        super().__init__(name=f"{user}-{number}", daemon=True)
        self.user = user
        self.soak = soak
        self.ledger = soak.ledger
        self.random = random.Random(f"{soak.seed}/client/{number}")
        self.done = 0

    def run(self):
        while not self.soak.ending.is_set():
            verb, drawn = self.draw()
            self.ledger.trace(self.name, f"{verb} {drawn}")
            try:
                getattr(self, f"do_{verb}")(**drawn)
                self.ledger.count("calls")
            except (Closed, ConnectionError, FileNotFoundError):
                self.ledger.count("calls cut")
                self.soak.ending.wait(0.1)
            except idl.Mismatch as error:
                self.ledger.violated(f"{self.name}: {verb} {drawn}: {error}")
            except (TimeoutError, socket.timeout):
                self.ledger.violated(f"{self.name}: {verb} {drawn}: no answer")
            except VarlinkError as error:
                self.ledger.count(f"error {error.name}")
            except Exception as error:  # noqa: BLE001: the soak goes on, and says so at its end
                self.ledger.violated(f"{self.name}: {verb} {drawn}: {error!r}")
            self.done += 1

    def draw(self):
        """All of the next action, before anything of it is done."""
        draw = self.random
        verb = draw.choices(list(VERBS), list(VERBS.values()))[0]
        name = draw.choice(self.soak.names)
        passing = draw.choice(self.soak.passing)
        several = draw.sample(self.soak.names, min(len(self.soak.names), draw.randint(2, 20)))
        wait = draw.random() < 0.4
        timeout_msec = draw.choice([1, 200, 3000, 20000])
        method = draw.choice(["Start", "Stop", "Restart"])
        pieces = draw.random() < 0.5
        environment = {"SOAK": f"{self.name}.{self.done}", "GATEWAY_TEST": draw.choice(BEHAVIOURS)}
        chance = draw.random()
        drawn = {
            "start": {"name": name, "wait": wait, "timeout_msec": timeout_msec}, "several": {"method": method, "names": several, "pieces": pieces},
            "all": {"method": method, "pieces": pieces}, "reset": {"names": several}, "register": {"name": name, "environment": environment},
            "come": {"name": passing, "how": draw.choice(["Register", "Start", "Reconcile", "alone"]), "environment": environment,
                     "start": draw.random() < 0.7},
            "go": {"name": passing, "timeout_msec": timeout_msec, "first": draw.random() < 0.5}, "reconcile": {"dry_run": chance < 0.4},
            "list": {"pieces": pieces}, "status": {"name": name}, "health": {}, "diagnose": {}, "watch": {"events": draw.randint(1, 60)},
            "rude": {"how": draw.choice(["half", "garbage", "gone", "pipeline", "oneway", "quiet"]), "name": name, "method": method}}
        drawn["stop"] = drawn["restart"] = drawn["start"]
        return verb, drawn[verb]

    def connect(self):
        return self.soak.connect(self.user)

    def call(self, method, **parameters):
        began = time.monotonic()
        with self.connect() as connection:
            result = connection.call(method, **parameters)
        if "wait" not in parameters and method in ("Status", "Health", "List"):
            self.ledger.took(f"{method} of {self.user}", time.monotonic() - began)
        return result

    # Orders

    def do_start(self, name, wait, timeout_msec):
        self.order("Start", [name], **({"wait": "up", "timeout_msec": timeout_msec} if wait else {}))

    def do_stop(self, name, wait, timeout_msec):
        self.order("Stop", [name], **({"wait": "down", "timeout_msec": timeout_msec} if wait else {}))

    def do_restart(self, name, wait, timeout_msec):
        self.order("Restart", [name], **({"wait": "up", "timeout_msec": timeout_msec} if wait else {}))

    def do_several(self, method, names, pieces):
        self.order(method, names, pieces)

    def do_all(self, method, pieces):
        self.order(method, None, pieces)

    def order(self, method, names, pieces=False, **more):
        want = "down" if method == "Stop" else "up"
        profiles = [self.ledger.profiles[name] for name in names or self.soak.names]
        begun = {}
        for profile in profiles:
            begun[profile.service] = (profile.want, profile.want.begin(want))
        parameters = {**({"names": [profile.service for profile in profiles]} if names else {"all": True}), **more}
        outcomes, over = [], False
        try:
            with self.connect() as connection:
                if pieces:
                    for reply in connection.stream(method, **parameters):
                        outcomes += reply["outcomes"]
                else:
                    outcomes = connection.call(method, **parameters)["outcomes"]
            over = True
        except VarlinkError as error:
            outcomes, over = [{"name": profile.service, "error": error.full_name} for profile in profiles if names], True
            raise
        except (ConnectionRefusedError, FileNotFoundError):
            over = True
            raise
        finally:
            self.settle(begun, outcomes, over)

    def settle(self, begun, outcomes, over):
        """over: what is not told was not done, as of `all`. Else nobody knows."""
        told = {outcome["name"]: outcome for outcome in outcomes}
        self.ledger.trace(self.name, f"  came to {'' if over else 'nothing known but '}{[self.brief(outcome) for outcome in outcomes]}")
        for service, (cell, entry) in begun.items():
            outcome = told.get(service)
            error = ((outcome or {}).get("error") or "").rpartition(".")[2]
            if (outcome is None and over) or error in REFUSED:
                cell.refused(entry)
            elif outcome is None or (error and error not in STANDS):
                cell.unknown(entry)
            else:
                cell.acknowledged(entry)
                self.note_persisted(self.ledger.profiles[service.removeprefix("gateway-")], entry, outcome if not error else None)
            if error:
                self.ledger.count(f"error {error}")

    @staticmethod
    def brief(outcome):
        service = outcome.get("service") or {}
        told = [outcome["name"], service.get("want"), service.get("state"), outcome.get("error"), None if outcome.get("persisted", True) else "unpersisted"]
        return " ".join(filter(None, told))

    def note_persisted(self, profile, entry, reply):
        """reply None: it did not say. One that said so counts for what was acknowledged before it was begun."""
        if not reply or not reply["persisted"]:
            profile.unpersisted = time.monotonic()
        elif entry[0] > profile.unpersisted:
            profile.unpersisted = 0.0
        if reply and not reply["persisted"]:
            self.ledger.count("not persisted")

    def do_reset(self, names):
        self.call("Reset", names=[f"gateway-{name}" for name in names])

    # Profiles that come and go

    def do_register(self, name, environment):
        profile = self.ledger.profiles[name]
        if not self.soak.ground.is_profile(name):
            return  # its time is another's to choose
        self.enroll(profile, environment, False)

    def enroll(self, profile, environment, start):
        want = profile.want.begin(*profile.want.candidates() - {"absent"}, "up" if start else "down")
        variables = profile.environment.begin(environment["SOAK"])
        try:
            reply = self.call("Register", profile=profile.name, environment=environment, start=start)
        except VarlinkError as error:
            for cell, entry in ((profile.want, want), (profile.environment, variables)):
                cell.refused(entry) if error.name in REFUSED else cell.unknown(entry)
            raise
        except (ConnectionRefusedError, FileNotFoundError):
            profile.want.refused(want), profile.environment.refused(variables)
            raise
        except Exception:
            profile.want.unknown(want), profile.environment.unknown(variables)
            raise
        profile.environment.acknowledged(variables)
        self.note_persisted(profile, want, reply)
        if reply["created"] and profile.lasting:
            self.ledger.violated(f"Register of {profile.name}: created, and nobody had removed it")
        if reply["created"]:
            profile.want.acknowledged(want, "up" if start else "down")
        else:
            profile.want.refused(want)

    def do_come(self, name, how, environment, start):
        profile = self.ledger.profiles[name]
        with self.soak.coming:
            if self.soak.ground.is_profile(name):
                return
            # From here on anything may find it: the look at profiles, another's Start of all.
            found = [(cell, cell.begin(ANY)) for cell in profile.both()]
            made = self.soak.ground.make_profile(name)
            for cell, entry in found:
                cell.acknowledged(entry)
        if made and how == "Register":
            self.enroll(profile, environment, start)
        elif made and how == "Start":
            self.order("Start", [name])
        elif made and how == "Reconcile":
            self.call("Reconcile")

    def do_go(self, name, timeout_msec, first):
        """Its directory first, or after it is unregistered: then whoever looks in between finds it."""
        profile = self.ledger.profiles[name]
        with self.soak.coming:
            if not self.soak.ground.is_profile(name):
                return
            entries = [(cell, cell.begin(ANY)) for cell in profile.both()]
            if first:
                self.soak.ground.remove_profile(name)
        known = False
        try:
            self.call("Unregister", profile=name, timeout_msec=timeout_msec)
            known = first
        finally:
            with self.soak.coming:
                self.soak.ground.remove_profile(name)
            for cell, entry in entries:
                # Somebody's look at all profiles may have begun before it went.
                cell.acknowledged(entry, *(("absent", ANY) if known else (ANY,)))

    def do_reconcile(self, dry_run):
        self.call("Reconcile", dry_run=dry_run)

    # Who asks

    def do_list(self, pieces):
        began = time.monotonic()
        with self.connect() as connection:
            if pieces:
                services = [service for reply in connection.stream("List") for service in reply["services"]]
            else:
                services = connection.call("List")["services"]
        self.ledger.took(f"List of {self.user}", time.monotonic() - began)
        names = [service["name"] for service in services]
        if names != sorted(set(names)):
            self.ledger.violated(f"List: not by name, each once: {names}")

    def do_status(self, name):
        self.call("Status", name=f"gateway-{name}")

    def do_health(self):
        health = self.call("Health")
        if health["healthy"] != (not health["problems"]):
            self.ledger.violated(f"Health: healthy={health['healthy']} with {health['problems']}")

    def do_diagnose(self):
        self.call("Diagnose")

    def do_watch(self, events):
        with self.connect() as connection:
            connection.send("Watch", {}, more=True)
            until = time.monotonic() + 3
            while events and (left := until - time.monotonic()) > 0:
                try:
                    connection.receive(left)
                except (TimeoutError, socket.timeout):
                    return
                events -= 1

    def do_rude(self, how, name, method):
        """What nobody should send, and what nobody waits for."""
        profile = self.ledger.profiles[name]
        order = encode(method, {"names": [profile.service]}, **({"oneway": True} if how == "oneway" else {}))
        with self.connect() as connection:
            stream = connection.socket
            stream.settimeout(10)
            try:
                if how == "half":
                    stream.sendall(order[:len(order) // 2])
                elif how == "garbage":
                    stream.sendall(b'{"method": nonsense\0' + bytes(100))
                    stream.recv(1000)
                elif how == "quiet":
                    self.soak.ending.wait(1)
                elif how == "pipeline":
                    stream.sendall(b"".join(encode("Status", {"name": profile.service}) for _ in range(12)))
                    stream.recv(10)
                else:
                    entry = profile.want.begin("down" if method == "Stop" else "up")
                    profile.want.unknown(entry)
                    stream.sendall(order)
            except (OSError, socket.timeout):
                pass
