# SPDX-License-Identifier: ISC
"""Scenarios (tests/simulation/scenarios) on a real tree: what is done to the broker and its world, and what is there at the end. The
same files are run in the simulation by build/tests/simulation/simulate --scenario."""

import json
import os
import shutil
import signal
import subprocess

import s6
from tree import SERVICES, TOP, wait_until
from varlink import WAIT_MSEC, VarlinkError

DIRECTORY = f"{TOP}/tests/simulation/scenarios"
PLACES = {"volume": "/opt/data", "services": SERVICES, "scan": "/run/service"}
CLIENT = 10000
TOLD = ("state", "want", "cause", "problem")


def load():
    """{name: scenario}"""
    found = {}
    for entry in sorted(os.listdir(DIRECTORY)):
        if entry.endswith(".json"):
            with open(f"{DIRECTORY}/{entry}") as file:
                found[entry[:-5]] = json.load(file)
    return found


def has_all(found, wanted):
    if not isinstance(wanted, dict) or not isinstance(found, dict):
        return found == wanted
    return all(has_all(found.get(name), value) for name, value in wanted.items())


class Scenario:
    """prefix: of the names of its profiles in this tree, in the place of @. another_tree: for who restarts the container."""

    def __init__(self, tree, scenario, prefix, another_tree=None):
        self.tree = tree
        self.scenario = scenario
        self.prefix = prefix
        self.another_tree = another_tree
        self.begun = set()  # processes that have said that they have

    def named(self, value):
        return json.loads(json.dumps(value).replace("@", self.prefix))

    def path(self, name):
        place, _, rest = name.partition("/")
        return f"{self.tree.path(PLACES[place])}/{rest}"

    def run(self, is_expected):
        """What it ends in, {profile: ...}. What was told last may not have been taken up yet: it is looked at until is_expected() of it, or
        for as long as no machine is that busy."""
        for step in self.scenario["steps"]:
            self.do(self.named(step))
        found = {}

        def looked():
            found.update({profile: self.look(self.named(profile)) for profile in self.scenario["profiles"]})
            return is_expected(found)
        try:
            wait_until(looked)
        except AssertionError:
            if not found:
                raise
        return found

    def do(self, step):
        (name, value), *more = step.items()
        if name[0].isupper():
            self.call(name, value, **dict(more))
        else:
            getattr(self, f"do_{name}")(value, **dict(more))

    # The broker

    def call(self, method, parameters, error=None, **flags):
        if "wait" in parameters and "timeout_msec" not in parameters:
            parameters["timeout_msec"] = WAIT_MSEC
        try:
            self.tree.call(method, flags.get("as", "hermes"), **parameters)
            got = None
        except VarlinkError as failure:
            got = failure.name
        assert got == error, f"{method} {parameters}: {got}, not {error}"
        if parameters.get("wait") == "up":
            for name in parameters["names"]:
                self.wait_program(name)

    def status(self, name):
        try:
            return self.tree.call("Status", "root", name=name)["service"]
        except VarlinkError as failure:
            return {"error": failure.name}

    def do_until(self, wanted):
        wait_until(lambda: has_all(self.status(wanted["name"]), wanted), what=f"{wanted}: {self.status(wanted['name'])}")
        if wanted.get("state") == "up":
            self.wait_program(wanted["name"])

    def wait_program(self, name):
        """Until it can take a signal, if it is there for so long."""
        profile = name.removeprefix("gateway-")

        def begun():
            status = self.tree.status(profile)
            if not status or not status.pid or status.finishing or status.pid in self.begun:
                return True
            if f"started, pid {status.pid}\n" in self.tree.gateway_log(profile):
                self.begun.add(status.pid)  # a logger that was killed leaves another one to begin a file of its own
                return True
            return False
        wait_until(begun, what=f"the program of {name}")

    # Processes

    def do_signal(self, name, to, of=None):
        if to == "svscan":
            os.kill(self.tree.pid, signal.Signals[f"SIG{name}"])
        elif to == "broker":
            self.tree.kill_broker(name)
        else:
            pid = wait_until(lambda: self.process(to, of), what=f"the {to} of {of}")
            self.tree.signal(name, pid)
            if name == "KILL":
                wait_until(lambda: self.command(pid) == "", what=f"the end of {pid}")

    def process(self, which, profile):
        if which == "supervisor":
            return self.tree.supervisor(f"gateway-{profile}")
        if which == "logger-supervisor":
            return self.tree.supervisor(f"gateway-{profile}/log")
        status = s6.read_status(f"{self.tree.slot(profile)}/log" if which == "logger" else self.tree.slot(profile))
        return status.pid if status and not status.finishing else None

    def command(self, pid):
        """"" of a zombie, and of what is gone."""
        try:
            with open(self.tree.path(f"/proc/{pid}/cmdline")) as file:
                return file.read().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def gateways(self, profile):
        return sum(f"-p {profile} gateway run" in line for line, _, _ in self.tree.processes().values())

    def is_supervised(self, name):
        profile, _, log = name.partition("/")
        place = f"{self.tree.slot(profile)}/{log}".rstrip("/")
        if not s6.takes_orders(place):
            return False
        status = s6.read_status(place)
        return status is not None and (not log or (status.pid and not status.finishing))

    def is_down(self, place):
        """It is supervised, and has no process."""
        if not s6.takes_orders(place):
            return False
        status = s6.read_status(place)
        return status is not None and not status.pid

    def has_its_logger(self, profile):
        """Or it has nothing to log yet, or there is no slot."""
        log = f"{self.tree.slot(profile)}/log"
        if not os.path.lexists(log):
            return True
        return self.is_down(log) if os.path.lexists(f"{log}/down") else self.is_supervised(f"{profile}/log")

    def do_until_supervised(self, name):
        wait_until(lambda: self.is_supervised(name), what=f"{name} supervised: {self.tree.log()[-2000:]}")

    def do_until_gateways(self, wanted):
        wait_until(lambda: self.gateways(wanted[0]) == wanted[1], what=f"{wanted} gateways")

    def do_until_intent(self, wanted):
        wait_until(lambda: self.intent(wanted[0]).get("want") == wanted[1], what=f"{wanted} on the volume")

    def do_until_absent(self, profile):
        self.tree.wait_absent(profile)

    def do_hold(self, profile):
        """As another container would: it is the lock that says so."""
        command = f"mkdir -p .svcbroker/lock && exec s6-setlock .svcbroker/lock/{profile} sh -c 'echo held; exec sleep 86400.{self.prefix[1:]}'"
        held = subprocess.Popen(["bash", "-c", '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"', "tree", str(self.tree.pid), "hermes",
                                 "sh", "-c", command], cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert held.stdout.readline() == "held\n"

    def do_release(self, profile):
        """The lock goes with the last that has it, which has no command line any more some time before that."""
        holders = [pid for pid, (line, _, _) in self.tree.processes().items() if f"sleep 86400.{self.prefix[1:]}" in line]
        self.tree.signal("KILL", *holders)
        wait_until(lambda: not set(holders) & set(self.tree.processes()), what=f"the lock of {profile} free")

    # Files, and what an operator does

    def do_make(self, name):
        path = self.path(name.split("/")[0])
        for part in name.split("/")[1:]:
            path += f"/{part}"
            if not os.path.isdir(path):
                os.mkdir(path)
                os.chown(path, CLIENT, CLIENT)

    def do_write(self, value):
        path = self.path(value[0])
        with open(path, "w") as file:
            file.write(value[1])
        if value[0].startswith("volume/"):
            os.chown(path, CLIENT, CLIENT)

    def do_remove(self, name):
        os.unlink(self.path(name))

    def do_remove_all(self, name):
        subprocess.run(["rm", "-rf", self.path(name)], check=True)

    def do_chmod(self, value):
        """Of a file of its own: that of a slot is other slots', too, until it is replaced."""
        path = self.path(value[0])
        shutil.copyfile(path, f"{path}~")
        os.chmod(f"{path}~", int(value[1], 8))
        os.rename(f"{path}~", path)

    def do_until_there(self, name):
        wait_until(lambda: os.path.lexists(self.path(name)), what=name)

    def do_svscan(self, letters):
        with open(self.tree.path("/run/service/.s6-svscan/control"), "w") as file:
            file.write(letters)

    def do_tell(self, profile, letters):
        with open(f"{self.tree.slot(profile)}/supervise/control", "w") as file:
            file.write(letters)

    def do_container(self, what):
        assert what == "restart"
        self.tree.kill()
        self.tree = self.another_tree()

    # What is there at the end

    def intent(self, profile):
        try:
            with open(self.path(f"volume/.svcbroker/intent/{profile}")) as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def look(self, profile):
        name = f"gateway-{profile}"
        slot = self.tree.slot(profile)
        wait_until(lambda: self.has_its_logger(profile), what=f"the logger of {name}")
        # A logger that has just begun has not its directory at once.
        service = wait_until(lambda: (now := self.status(name)).get("problem") != "log" and now, what=f"{name}: {self.status(name)}")
        if service.get("state") == "up":  # it may be a script still
            wait_until(lambda: self.gateways(profile), what=f"a gateway of {profile}")
        found = {"error": service["error"]} if "error" in service else {
            **{field: service.get(field) for field in TOLD},
            **{field: (service.get("last_exit") or {}).get(field) for field in ("code", "signal")}}
        intent = self.intent(profile)
        return {**found,
                "slot": os.path.lexists(slot),
                "link": os.path.lexists(self.path(f"scan/{name}")),
                "down_file": os.path.lexists(f"{slot}/down"),
                "supervised": self.is_supervised(profile),
                "logger_down_file": os.path.lexists(f"{slot}/log/down"),
                "logger": bool(self.is_supervised(f"{profile}/log")),
                "gateways": self.gateways(profile),
                "intent": intent.get("want"),
                "environment": intent.get("environment")}
