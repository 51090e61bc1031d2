# SPDX-License-Identifier: ISC
"""The log: who did what is there, and nobody can drown it."""

import pytest

from tree import wait_until
from varlink import VarlinkError, encode

LONG = [f"gateway-audited-{number}-{'x' * 100}" for number in range(3)]


def lines_of(tree, *words):
    return [line for line in tree.log().splitlines() if all(word in line for word in words)]


def test_one_line_a_request(tree):
    """Names that no service has are counted; of the others as many are named as the line takes."""
    for profile in ("audit-a", "audit-b"):
        tree.register(profile, start=False)
    tree.call("Stop", names=["gateway-audit-a", *(f"gateway-nobody-{number}" for number in range(998)), "gateway-audit-b"])
    (line,) = lines_of(tree, "audit: Stop: uid=10000 ")
    assert line.endswith(" names=1000 unknown=998 service=gateway-audit-a service=gateway-audit-b")
    assert not lines_of(tree, "nobody")
    tree.call("Reset", names=["gateway-audit-a"])
    (line,) = lines_of(tree, "audit: Reset: uid=10000 ")
    assert line.endswith(" names=1 unknown=0 service=gateway-audit-a")
    with pytest.raises(VarlinkError):
        tree.call("Restart", names=["gateway-nobody"])
    (line,) = lines_of(tree, "audit: Restart: uid=10000 ")
    assert line.endswith(" names=1 unknown=1")
    (line,) = lines_of(tree, "audit: Register: uid=10000 ", "audit-a")
    assert line.endswith(" service=gateway-audit-a")


def test_what_is_refused_changes_nothing(tree):
    for parameters in ({"names": ["gateway-a"], "all": True}, {"names": ["gateway-a", "gateway-a"]}, {"names": [None]}, {"names": 1}, {}):
        with pytest.raises(VarlinkError, match="InvalidParameter"):
            tree.call("Start", **parameters)
    assert not lines_of(tree, "audit: Start")


def test_audit_flood(make_tree):
    """What is over hermes's budget is counted, and the count is told though nothing more comes. Root's changes are there, each."""
    tree = make_tree()
    for name in LONG:
        tree.call("Register", "root", profile=name.removeprefix("gateway-"), start=False)
    calls, size = 0, len(tree.log())
    with tree.connect() as connection, tree.connect("root") as root:
        for _ in range(10):
            for _ in range(10):
                connection.send("Reset", {"names": LONG})
            for _ in range(10):
                connection.result()
            calls += 10
            root.call("Stop", names=[LONG[0]])

    def held():
        return sum(int(line.partition("count=")[2].split()[0]) for line in lines_of(tree, "log: lines not written", "what=audit of=client"))

    # The counts, since some may be told in the middle of it.
    wait_until(lambda: len(lines_of(tree, "audit: Reset: uid=10000 ")) + held() >= calls, what="the counts")
    assert len(tree.log()) - size < 60 * 1024
    assert len(lines_of(tree, "audit: Stop: uid=0 ")) == 10
    assert len(lines_of(tree, "audit: Reset: uid=10000 ")) + held() == calls and held() > 0


def test_counts_are_told_at_the_end(make_tree):
    tree = make_tree()
    with tree.connect() as connection:
        for _ in range(700):
            connection.send("Watch", {"names": [f"n{number}" for number in range(1001)]}, more=True)
            with pytest.raises(VarlinkError, match="LimitExceeded"):
                connection.result()
    tree.stop_broker()
    assert len(lines_of(tree, "refused: limit=names_per_call")) + sum(
        int(line.partition("count=")[2].split()[0]) for line in lines_of(tree, "log: lines not written", "what=refused of=client")) == 700


def test_refusals_of_one_do_not_drown_another(tree):
    with tree.connect() as connection:
        for _ in range(20):
            connection.send_bytes(encode("Watch", {"names": [f"n{number}" for number in range(1001)]}, more=True) * 40)
            connection.sent = [("io.svcbroker.Watch", True)] * 40
            for _ in range(40):
                with pytest.raises(VarlinkError, match="LimitExceeded"):
                    connection.result()
    with pytest.raises(VarlinkError, match="PermissionDenied"):
        tree.call("Health", (10001, 10000, ()))
    assert lines_of(tree, "refused: no permission: uid=10001 ")
    with pytest.raises(VarlinkError, match="LimitExceeded"):
        tree.call("Start", "root", names=[f"n{number}" for number in range(1001)])
    assert lines_of(tree, "refused: limit=names_per_call", "uid=0 ")


def test_directories_with_impossible_names_are_one_line(make_tree):
    tree = make_tree()
    tree.run("hermes", "sh", "-c", "mkdir -p profiles; cd profiles; for i in $(seq 200); do mkdir P$i; done", check=True)
    assert len(tree.call("Reconcile", dry_run=True)["actions"]) > 200
    assert len(lines_of(tree, "reconcile: skipped: ")) == 1 and lines_of(tree, "reconcile: skipped: names=200 ")


def test_changes_by_root_are_kept_apart(tree):
    """As the broker's logger sorts them: what hermes can say is not among them."""
    tree.run("root", "mount", "-t", "tmpfs", "none", "/var/log", check=True)  # else it is the machine's
    lines = ["audit: Stop: uid=0 pid=7 service=gateway-a", "audit: Stop: uid=10000 pid=7", "main: ready", "audit: Stop: uid=00 pid=7",
             "refused: limit=x uid=0 pid=7", "gateway a: audit: Stop: uid=0 pid=7", "audit: Register: uid=0 pid=7 service=gateway-b"]
    tree.run("root", "sh", "/usr/local/share/svcbroker/s6-rc.d/svcbrokerd-log/run", text="\n".join(lines) + "\n", check=True)

    def kept(directory):
        with open(tree.path(f"/var/log/{directory}/current")) as file:
            return [line.rstrip("\n").partition("  ")[2] for line in file]

    assert kept("svcbrokerd")[-len(lines):] == lines
    assert kept("svcbrokerd-root") == [lines[0], lines[-1]]
