# SPDX-License-Identifier: ISC
"""The simulation (docs/simulation.md) against what it plays: each scenario ends there as it ends with the real s6, of each flavour."""

import array
import contextlib
import fcntl
import glob
import json
import os
import signal
import subprocess
import termios
from concurrent.futures import ThreadPoolExecutor

import pytest

import s6
import scenarios
from conftest import BUILD
from tree import TOP, wait_until
from volume import Volume

SCENARIOS = scenarios.load()
FLAVOURS = ("own", "trixie", "sid")
AT_ONCE = 6
SIMULATE = f"{BUILD}/tests/simulation/simulate"


@pytest.fixture(scope="session")
def simulate():
    subprocess.run(["ninja", "-C", BUILD, "tests/simulation/simulate"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)

    def run(name, flavour):
        result = subprocess.run([f"{TOP}/{SIMULATE}", "--s6", flavour, "--scenario", f"{scenarios.DIRECTORY}/{name}.json"], capture_output=True, text=True,
                                check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout)
    return run


def flavour_of(directory):
    """Which of the simulation's is like it: 2.11 knows no -C, and 2.15 no -c."""
    def knows(option):
        environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(glob.glob(f"{directory}/usr/lib/*-linux-gnu"))}
        return subprocess.run([f"{directory}/usr/bin/s6-svscan", option, "4", "/nonexistent"], capture_output=True, check=False,
                              env=environment).returncode != 100
    return "2.11" if not knows("-C") else "2.13" if knows("-c") else "2.15"


class Place:
    """Trees of one s6, on volumes of their own."""

    def __init__(self, name, make, memory_disk, s6):
        self.name = name
        self.make = make
        self.memory_disk = memory_disk
        self.parts = {"s6": s6} if s6 else {}
        self.flavour = flavour_of(s6 or os.environ.get("SVCBROKER_S6", "/"))

    def volume(self, name):
        path = self.memory_disk / f"simulation-{self.name}-{name}"
        path.mkdir()
        return Volume(path).path

    def tree(self, volume):
        return self.make(gateways=True, profiles="", volume=volume, **self.parts)


def s6_of(name):
    """Where another s6 than this machine's is unpacked; None: it is the own one, or what SVCBROKER_S6 names."""
    if name == "own":
        return None
    made = subprocess.run([f"{TOP}/tests/integration/s6-root", name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if made.returncode == 75:
        pytest.skip(made.stderr.strip().splitlines()[-1])
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="module", params=FLAVOURS)
def place(request, module_trees, memory_disk):
    return Place(request.param, module_trees, memory_disk, s6_of(request.param))


def run_one(tree, name, expected, another_tree=None):
    scenario = scenarios.Scenario(tree, SCENARIOS[name], f"s{list(SCENARIOS).index(name)}", another_tree)
    try:
        return scenario.run(lambda ends: of_interest(name, ends) == of_interest(name, expected))
    except Exception as error:  # it is of the test that asks for it
        return error


def are_run(names, **keys):
    return [name for name in names if all(bool(SCENARIOS[name].get(key)) is value for key, value in keys.items())]


@pytest.fixture(scope="module")
def ends(request, place, simulate):
    """What all scenarios end in: those that are about one gateway at once, those about the whole one after the other."""
    wanted = [item.callspec.params["name"] for item in request.session.items
              if item.module is request.module and hasattr(item, "callspec") and item.callspec.params.get("place") == place.name]
    found = {}
    tree = place.tree(place.volume("all"))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = {name: pool.submit(run_one, tree, name, simulate(name, place.flavour)) for name in are_run(wanted, everything=False, own=False)}
        found.update({name: future.result() for name, future in running.items()})
    for name in are_run(wanted, everything=True):
        found[name] = run_one(tree, name, simulate(name, place.flavour))
    for name in are_run(wanted, own=True):
        volume = place.volume(name)
        found[name] = run_one(place.tree(volume), name, simulate(name, place.flavour), lambda volume=volume: place.tree(volume))
    return found


def of_interest(name, ends):
    """Where things race, how the last run ended is anyone's."""
    skipped = ("code", "signal") if SCENARIOS[name].get("any_exit") else ()
    return {profile: {field: value for field, value in end.items() if field not in skipped} for profile, end in ends.items()}


def cases():
    return [pytest.param(flavour, name, id=f"{flavour}-{name}") for flavour in FLAVOURS for name in SCENARIOS
            if flavour == "own" or SCENARIOS[name].get("everywhere")]


@pytest.mark.parametrize("place,name", cases(), indirect=["place"], scope="module")
def test_a_scenario_ends_alike(place, ends, name, simulate):
    found = ends[name]
    if isinstance(found, Exception):
        raise found
    assert of_interest(name, simulate(name, place.flavour)) == of_interest(name, found)


class Supervised:
    """A service directory with a real s6-supervise."""

    def __init__(self, path, programs, libraries, finish, up):
        self.path = path
        path.mkdir()
        self.script("run", "exec sleep 1000")
        if finish != "none":
            self.script("finish", f"exit {finish}")
        if not up:
            (path / "down").touch()
        # What a shell starts in the background ignores two of them, what nohup does the third, and so would what is started here.
        self.process = subprocess.Popen(["env", "--default-signal=HUP,INT,QUIT", f"{programs}/s6-supervise", str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, "LD_LIBRARY_PATH": libraries})
        self.up = up

    def script(self, name, text):
        (self.path / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.path / name).chmod(0o755)

    def is_settled(self):
        status = s6.read_status(self.path)
        if not status or not self.up:
            return status is not None
        try:
            with open(f"/proc/{status.pid}/comm") as file:
                return file.read() == "sleep\n"
        except FileNotFoundError:
            return False

    def tell(self, letter):
        (self.path / "supervise/control").write_text(letter)

    def has_letters(self):
        """It has not read what it was told."""
        if self.process.poll() is not None:
            return False
        fifo = os.open(self.path / "supervise/control", os.O_RDWR | os.O_NONBLOCK)
        count = array.array("i", [0])
        fcntl.ioctl(fifo, termios.FIONREAD, count)
        os.close(fifo)
        return count[0] != 0

    def says(self):
        """As tests/simulation/letters.c says it."""
        status = s6.read_status(self.path)
        state = "finishing" if status.finishing else "up" if status.pid else "down"
        return (f"{state} want={status.want_up:d} paused={status.paused and status.pid != 0:d} ready={status.ready:d} wait_status={status.wait_status} "
                f"down_file={(self.path / 'down').exists():d} supervised={self.process.poll() is None:d}")

    def end(self):
        status = s6.read_status(self.path)
        self.process.kill()
        self.process.wait()
        if status and status.pid:
            try:
                os.kill(status.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.mark.parametrize("name", FLAVOURS)
def test_a_letter_does_what_it_does_to_s6(name, tmp_path):
    """Each letter, to an s6-supervise that is down and to one that is up, without finish and with one that ends with 125."""
    root = s6_of(name)
    programs, libraries = f"{root or ''}/usr/bin", ":".join(glob.glob(f"{root}/usr/lib/*-linux-gnu")) if root else ""
    subprocess.run(["ninja", "-C", BUILD, "tests/simulation/letters"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([f"{TOP}/{BUILD}/tests/simulation/letters", flavour_of(root or "/")], capture_output=True, text=True, check=True,
                          env={**os.environ, "CK_DEFAULT_TIMEOUT": "600"})
    expected = dict(line.split(": ", 1) for line in said.stdout.splitlines())
    assert len(expected) == 96
    all_of_them = {}
    try:
        for number, case in enumerate(expected):
            finish, state, _ = case.split(" ")
            all_of_them[case] = Supervised(tmp_path / str(number), programs, libraries, finish, state == "up")
        for case, one in all_of_them.items():
            wait_until(one.is_settled, what=case)
            one.tell(case[-1])

        def differences():
            return [f"{case}: {one.says()}, not {expected[case]}" for case, one in all_of_them.items()
                    if one.says() != expected[case] or one.has_letters()]
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not differences())
        assert not differences()
    finally:
        for one in all_of_them.values():
            one.end()
