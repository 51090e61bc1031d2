# SPDX-License-Identifier: ISC
"""Directories that an operator moves, removes or replaces while the broker works in them: it does not end or hang, deletes nothing elsewhere,
says what is wrong, and works again when all is back."""

import contextlib
import os
import random
import shutil
import threading

import pytest

from tree import SERVICES, wait_until
from varlink import Closed, VarlinkError

TEMPLATE = "/usr/local/share/svcbroker/gateway"
SCANDIR = "/run/service"
STORE = "/opt/data/.svcbroker"
PRECIOUS = "/run/precious"
# What Health calls it (the socket itself is made anew: test_socket_gone.py); None: it is said of the gateway, or mends itself.
PLACES = {
    "services": (SERVICES, "services directory is not at"),
    "slot": (f"{SERVICES}/gateway-a", "gateway-a is unsupervised"),
    "scandir": (SCANDIR, "scan directory is not at"),
    "socket": ("/run/svcbroker", "services directory is not at"),
    "template": (TEMPLATE, "template is not at"),
    "store": (STORE, None),
}
VERBS = {
    "Register": {"profile": "new"},
    "Unregister": {"profile": "gone", "timeout_msec": 500},
    "Start": {"names": ["gateway-a"], "wait": "up", "timeout_msec": 2000},
    "Stop": {"names": ["gateway-a"], "wait": "down", "timeout_msec": 2000},
    "Restart": {"names": ["gateway-a"]},
    "Reconcile": {},
    "Diagnose": {},
}


PATIENCE = 180  # s6-svscan looks, the broker waits for it, and tries again after twice as long


@pytest.fixture(scope="module")
def shared(module_trees):
    """The tree of all tests, until one of them has left it in a state that is not the next one's fault."""
    return {"make": module_trees, "tree": None}


@pytest.fixture
def tree(shared, request):
    if shared["tree"] is None:
        shared["tree"] = shared["make"](profiles="")
    before = request.session.testsfailed
    yield shared["tree"]
    if request.session.testsfailed > before:
        shared["tree"].tainted = True
        shared["tree"] = None


def leave_precious(tree):
    """What must not be touched, and looks like what the broker has."""
    top = tree.path(PRECIOUS)
    shutil.rmtree(top, ignore_errors=True)
    for name in ("gateway-a", "gateway-gone", "gateway-new", ".gateway-new", "intent", "data", "supervise", "env"):
        os.makedirs(f"{top}/{name}/supervise")
        with open(f"{top}/{name}/file", "w") as file:
            file.write("precious")
    return precious(tree)


def precious(tree):
    return {f"{where}/{name}" for where, directories, files in os.walk(tree.path(PRECIOUS)) for name in directories + files}


class Place:
    def __init__(self, tree, path):
        self.tree = tree
        self.here = tree.path(path)
        self.away = f"{self.here}.away"

    def take(self, how):
        os.rename(self.here, self.away)
        if how == "link":
            os.symlink(PRECIOUS, self.here)
        elif how == "other":
            os.mkdir(self.here, 0o755)

    def put_back(self):
        """As often as the broker makes something in it just now: the socket, whose directory it is."""
        wait_until(self.tried_to_put_back, 20, f"{self.here} is back")

        if self.here.endswith("/svcbroker"):
            wait_until(self.somebody_listens, 20, "the socket is made anew")

    def somebody_listens(self):
        try:
            self.tree.call("Health", "root")
        except (OSError, Closed):  # it has just been replaced, and with it who waited there
            return False
        return True

    def tried_to_put_back(self):
        try:
            self.put_back_once()
        except OSError:
            return False
        return True

    def put_back_once(self):
        if os.path.islink(self.here):
            os.unlink(self.here)
        elif os.path.isdir(self.here):
            shutil.rmtree(self.here)
        with contextlib.suppress(FileNotFoundError):
            os.rename(self.away, self.here)


def attempt(connection, method, parameters):
    """Whatever comes of it, it comes."""
    try:
        connection.call(method, **parameters)
    except VarlinkError:
        pass
    except TimeoutError as error:
        raise AssertionError(f"{method} has no answer") from error


def mend(tree):
    """What docs/night.md says of a gateway that runs without its lock, since it began while the volume was elsewhere: nobody else ends it."""
    for line in tree.call("Health", "root")["problems"]:
        name, _, problem = line.partition(": ")
        if problem.startswith("it runs without its lock"):
            with contextlib.suppress(VarlinkError):
                tree.call("Restart", "root", names=[name], wait="up")


def is_healthy(tree):
    mend(tree)
    return tree.call("Health", "root")["healthy"]


def works(tree):
    """Everything, as ever. A supervisor that s6-svscan has told to go, its directory being away, may go only now, and another comes; one that
    it has lost for good comes back by the broker's doing."""
    said = []

    def is_done(method, wait):
        try:
            return tree.call(method, names=["gateway-a"], wait=wait)
        except VarlinkError as error:
            said[:] = [error, tree.call("Health", "root")["problems"]]
            assert error.name in ("Unsupervised", "WaitTimeout"), error
            return None

    def ordered(method, wait):
        try:
            wait_until(lambda: is_done(method, wait), PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{method} of gateway-a: {said} {tree.log()[-3000:]}") from error

    ordered("Start", "up")
    wait_until(lambda: is_healthy(tree), PATIENCE, what=f"healthy again: {tree.call('Health', 'root')} {tree.log()[-3000:]}")
    ordered("Stop", "down")
    for name in ("new", "gone"):
        tree.unregister(name)
        tree.assert_absent(name)
    assert tree.call("Register", "root", profile="new", start=False)["created"] is True
    tree.unregister("new")
    tree.assert_absent("new")


def is_answered(tree, method, **parameters):
    """The test before may have ended a supervisor that only now goes."""
    try:
        tree.call(method, "root", **parameters)
    except VarlinkError as error:
        assert error.name in ("Unsupervised", "WaitTimeout"), error
        return False
    return True


@pytest.fixture
def ready(tree):
    # Reconcile removes what is down and no profile: that is gateway-gone alone.
    tree.run("hermes", "sh", "-c", "mkdir -p profiles/a && : >profiles/a/SOUL.md", check=True)
    for name in ("a", "gone"):
        wait_until(lambda: is_answered(tree, "Register", profile=name), PATIENCE, f"gateway-{name} is registered")  # noqa: B023
        wait_until(lambda: is_answered(tree, "Start", names=[f"gateway-{name}"], wait="up"), PATIENCE, "it runs")  # noqa: B023
    return leave_precious(tree)


@pytest.mark.parametrize("how", ["gone", "link", "other"])
@pytest.mark.parametrize("place", PLACES)
def test_moved_then_used(tree, ready, place, how):
    """Every verb while it is away, and all is well when it is back."""
    path, words = PLACES[place]
    moved = Place(tree, path)
    with tree.connect("root") as connection, tree.connect("root") as health:
        try:
            moved.take(how)
            if words:
                wait_until(lambda: [line for line in health.call("Health")["problems"] if words in line],
                           what=f"{words!r}: {health.call('Health')}")
            for method, parameters in VERBS.items():
                attempt(connection, method, parameters)
                health.call("Health")
        finally:
            moved.put_back()
    assert precious(tree) >= ready
    works(tree)


class Mover(threading.Thread):
    """Takes it away and puts it back, again and again."""

    def __init__(self, place, how, seed):
        super().__init__()
        self.place = place
        self.how = how
        self.random = random.Random(seed)
        self.over = threading.Event()
        self.moves = 0

    def run(self):
        while not self.over.wait(self.random.uniform(0, 0.02)):
            try:
                self.place.take(self.how)
            except OSError:
                continue
            self.over.wait(self.random.uniform(0, 0.02))
            while True:
                try:
                    self.place.put_back()
                    break
                except OSError:  # somebody makes something in it just now
                    continue
            self.moves += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Looker:
    """Asks for Health, by a connection of its own that outlives the socket's place: the other may wait for a Register, for longer than one
    may be idle; then a new one is made, as soon as the socket is where it was."""

    def __init__(self, tree):
        self.tree = tree
        self.connection = tree.connect("root")

    def look(self):
        try:
            self.connection.call("Health")
        except (Closed, ConnectionError):
            self.connection.close()
            self.connection = wait_until(self.connected, what="a connection")
            self.connection.call("Health")

    def close(self):
        self.connection.close()

    def connected(self):
        with contextlib.suppress(OSError):
            return self.tree.connect("root")
        return None


@pytest.mark.parametrize("how", ["gone", "link"])
@pytest.mark.parametrize("place", PLACES)
def test_moved_in_mid_operation(tree, ready, place, how):
    rounds = 0
    with tree.connect("root") as connection, contextlib.closing(Looker(tree)) as looker, Mover(Place(tree, PLACES[place][0]), how, place) as mover:
        while mover.moves < 60 and rounds < 30:
            for method, parameters in VERBS.items():
                attempt(connection, method, {name: 100 if name == "timeout_msec" else value for name, value in parameters.items()})
                attempt(connection, "Register", {"profile": "gone", "start": False})
                looker.look()
            rounds += 1
    assert precious(tree) >= ready
    works(tree)


@pytest.mark.parametrize("place", ["slot", "store"])
def test_moved_while_a_broker_starts(tree, ready, place):
    with Mover(Place(tree, PLACES[place][0]), "gone", place):
        for _ in range(3):
            tree.kill_broker()
    assert precious(tree) >= ready
    # A start may have found no slot, and no profile on the volume.
    wait_until(lambda: is_answered(tree, "Register", profile="a"), PATIENCE, "it is registered")
    works(tree)


def test_link_that_somebody_removed_is_put_back(tree, ready):
    os.unlink(tree.path(f"{SCANDIR}/gateway-a"))
    wait_until(lambda: os.path.islink(tree.path(f"{SCANDIR}/gateway-a")), what="it is back")
    works(tree)


def test_a_slot_that_is_gone_can_be_registered_again(tree, ready):
    """Health says it, Unregister clears what is left, and Register makes it anew."""
    shutil.rmtree(tree.slot("a"))
    wait_until(lambda: [line for line in tree.call("Health", "root")["problems"] if "gateway-a is unsupervised" in line])
    assert tree.call("Unregister", "root", profile="a", timeout_msec=500)["removed"] is True
    wait_until(lambda: tree.supervisor("gateway-a") is None, what="its s6-supervise is gone")
    assert tree.call("Register", "root", profile="a")["created"] is True
    tree.wait_state("a", "up")
    works(tree)
