# SPDX-License-Identifier: ISC
"""Who gets in. There are two gates, the socket's mode and the credentials; each is tested with the other one open."""

import contextlib
import os
import socket
import stat

import pytest

from tree import SOCKET, wait_until
from varlink import Connection, VarlinkError, encode

READING = [("org.varlink.service.GetInfo", {}), ("org.varlink.service.GetInterfaceDescription", {"interface": "io.svcbroker"}),
           ("List", {}), ("Status", {"name": "svcbrokerd"}), ("Health", {}), ("Diagnose", {})]
CHANGING = [("Start", {"names": ["gateway-x"]}), ("Stop", {"names": ["gateway-x"]}), ("Restart", {"names": ["gateway-x"]}),
            ("Reset", {"names": ["gateway-x"]}), ("Signal", {"names": ["gateway-x"], "signal": "KILL"}), ("Register", {"profile": "x"}), ("Unregister", {"profile": "x"})]


def is_denied(tree, user, method, parameters, path=SOCKET):
    with tree.connect(user, path) as connection:
        connection.send(method, parameters, more=method == "Watch")
        try:
            connection.result()
        except VarlinkError as error:
            if error.full_name == "org.varlink.service.PermissionDenied":
                assert error.parameters == {}
                return True
            # Another error: it was let in.
        return False


def test_socket_has_its_mode(tree):
    entry = os.lstat(tree.path(SOCKET))
    assert stat.S_ISSOCK(entry.st_mode)
    assert (oct(stat.S_IMODE(entry.st_mode)), entry.st_uid, entry.st_gid) == ("0o660", 0, 10000)
    assert stat.S_IMODE(os.stat(tree.path("/run/svcbroker")).st_mode) == 0o755


def test_mode_stops_strangers(tree):
    for user in ("stranger", "observer", (65534, 65534, ())):
        with pytest.raises(PermissionError):
            tree.connect(user)


def test_mode_stops_even_the_client_user_outside_its_group(tree):
    """The credentials would let it in."""
    with pytest.raises(PermissionError):
        tree.connect((10000, 10001, ()))


@pytest.mark.parametrize("user", [(10001, 10000, ()), (10001, 10001, (10000,)), (65534, 10000, ()), (1, 10000, (0,))])
def test_credentials_stop_who_passes_the_mode(tree, user):
    for method, parameters in READING + CHANGING + [("Watch", {}), ("Nonsense", {}), ("other.interface.Method", {})]:
        assert is_denied(tree, user, method, parameters), method
    assert not os.path.exists(tree.slot("x"))


def test_credentials_hold_with_the_socket_wide_open(make_tree):
    tree = make_tree()
    tree.run("root", "chmod", "666", SOCKET, check=True)
    try:
        for method, parameters in READING + CHANGING + [("Watch", {})]:
            assert is_denied(tree, "stranger", method, parameters), method
        assert not is_denied(tree, "hermes", "Register", {"profile": "y", "start": False})
    finally:
        tree.run("root", "chmod", "660", SOCKET, check=True)


def test_a_denied_peer_is_not_listened_to(tree):
    """Not even its bytes are looked at, and the connection ends with the refusal."""
    with tree.connect((10001, 10000, ())) as connection:
        connection.send_bytes(b"no json at all\0")
        assert connection.receive()["error"] == "org.varlink.service.PermissionDenied"
        assert connection.is_closed()


@pytest.mark.parametrize("user", ["hermes", "root", (10000, 10000, (10001,)), (0, 10001, ())])
def test_client_and_root_may_everything(tree, user):
    for method, parameters in READING + CHANGING:
        assert not is_denied(tree, user, method, parameters), method


@pytest.fixture(scope="module")
def observed(module_trees):
    return module_trees("--observer-group", "observers")


def test_observers_read_and_change_nothing(observed):
    for user in ("observer", (10001, 10001, (10002,))):
        for method, parameters in READING + [("Watch", {})]:
            assert not is_denied(observed, user, method, parameters, SOCKET + ".observer"), method
        for method, parameters in CHANGING:
            assert is_denied(observed, user, method, parameters, SOCKET + ".observer"), method
        with pytest.raises(PermissionError):
            observed.connect(user)
    assert not os.path.exists(observed.slot("x"))


def test_observer_socket_has_its_mode_and_its_own_credentials(observed):
    entry = os.lstat(observed.path(SOCKET + ".observer"))
    assert (oct(stat.S_IMODE(entry.st_mode)), entry.st_uid, entry.st_gid) == ("0o660", 0, 10002)
    with pytest.raises(PermissionError):
        observed.connect("stranger", SOCKET + ".observer")
    observed.run("root", "chmod", "666", SOCKET + ".observer", check=True)
    try:
        assert is_denied(observed, "stranger", "List", {}, SOCKET + ".observer")
    finally:
        observed.run("root", "chmod", "660", SOCKET + ".observer", check=True)


def test_no_observers_without_the_option(tree):
    assert not os.path.exists(tree.path(SOCKET + ".observer"))
    assert is_denied(tree, (10002, 10000, (10002,)), "List", {})


def test_identity_is_that_of_connecting(tree):
    """A connection that was handed on keeps the identity of who opened it, and the audit line names it."""
    with tree.connect("hermes") as connection:
        connection.call("Register", profile="handed", start=False)
    assert "uid=10000" in [line for line in tree.log().splitlines() if "Register" in line][-1]
    tree.call("Unregister", profile="handed")


def test_descriptors_are_not_taken(tree):
    """Where the kernel can, it refuses to pass them; elsewhere it ends the connection (test_carried.py)."""
    with tree.connect() as connection:
        read, write = os.pipe()
        refused = False
        try:
            socket.send_fds(connection.socket, [encode("Health")], [read])
        except PermissionError:
            refused = True
            connection.send("Health")
        finally:
            os.close(read)
        if refused:
            connection.result()
        else:
            assert connection.receive()["error"] == "io.svcbroker.InvalidMessage" and connection.is_closed()
        # If the broker held the read end, this would not fail.
        with pytest.raises(BrokenPipeError):
            os.write(write, b"x")
        os.close(write)


def test_audit_names_who_changed_what(tree):
    tree.call("Register", profile="audited", start=False)
    tree.call("Stop", "root", names=["gateway-audited"])
    tree.call("Unregister", profile="audited")
    lines = [line for line in tree.log().splitlines() if "audit" in line]
    for word, uid in (("Register", 10000), ("Stop", 0), ("Unregister", 10000)):
        assert any(f" {word}:" in line and f"uid={uid} " in line and "pid=" in line for line in lines), word
    assert any("gateway-audited" in line for line in lines)


def test_log_cannot_be_forged(tree):
    """Nothing of a peer's gets into a line as it is."""
    with pytest.raises(VarlinkError):
        tree.call("Start", names=["gateway-x\naudit: forged: uid=0"])
    with pytest.raises(VarlinkError):
        tree.call("Register", profile="x", environment={"A\nforged": "secret-value\nforged"})
    assert not [line for line in tree.log().splitlines() if line.startswith(("forged", "audit: forged"))]
    assert "secret-value" not in tree.log()
    assert max(map(len, tree.log().splitlines())) <= 512


def test_connection_of_a_dead_process(tree):
    """Its peer is gone before the answer: no harm, and the order stands."""
    connection = tree.connect("hermes")
    connection.send("Register", {"profile": "orphaned", "start": False})
    connection.close()
    assert isinstance(connection, Connection)

    def is_there():
        with contextlib.suppress(VarlinkError):  # root may be served before it is
            return tree.state("orphaned")["state"] == "down"

    wait_until(is_there, what="what it asked for")
    tree.call("Unregister", profile="orphaned")
