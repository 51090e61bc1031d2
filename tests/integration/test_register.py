# SPDX-License-Identifier: ISC
"""Register and Unregister: what is made, what is left, and how names and environments are judged."""

import json
import os
import stat

import pytest

from slot_directory import OLD_TEMPLATE
from tree import SERVICES, wait_until
from varlink import VarlinkError, encode


def test_register_makes_a_supervised_slot(tree, profile):
    reply = tree.register(profile)
    assert (reply["created"], reply["changed"]) == (True, False)
    assert reply["service"]["name"] == f"gateway-{profile}" and reply["service"]["want"] == "up"
    assert reply["service"]["state"] in ("starting", "up")
    # Supervised by the time of the answer, both of it.
    assert tree.supervisor(f"gateway-{profile}") and tree.supervisor(f"gateway-{profile}/log")
    assert os.readlink(tree.path(f"/run/service/gateway-{profile}")) == f"{SERVICES}/gateway-{profile}"
    assert tree.status(profile) is not None


def test_slot_is_a_copy_of_the_template(tree, profile):
    tree.register(profile, environment={"A_VARIABLE": "x"})
    slot, template = tree.slot(profile), tree.path("/usr/local/share/svcbroker/gateway")
    for directory, _, files in os.walk(template):
        for file in files:
            original = f"{directory}/{file}"
            copy = slot + original[len(template):]
            with open(original, "rb") as one, open(copy, "rb") as other:
                assert one.read() == other.read(), copy
            assert stat.S_IMODE(os.stat(copy).st_mode) == stat.S_IMODE(os.stat(original).st_mode), copy
    with open(f"{slot}/data/profile") as file:
        assert file.read() == f"{profile}\n"
    for name, mode, gid in ((".", 0o755, 0), ("data", 0o755, 0), ("env", 0o640, 10000),
                            ("data/state", 0o600, 0), ("supervise", 0o700, 0), ("event", 0o700, 0), ("log/supervise", 0o700, 0),
                            ("log/event", 0o700, 0)):
        entry = os.lstat(f"{slot}/{name}")
        # s6 adds the sticky bit and more to an event directory of its own making, not to one it finds.
        assert (oct(stat.S_IMODE(entry.st_mode)), entry.st_uid, entry.st_gid) == (oct(mode), 0, gid), name


def test_register_twice_is_once(tree, profile):
    tree.register(profile)
    pid = tree.wait_state(profile, "up")["pid"]
    reply = tree.register(profile)
    assert (reply["created"], reply["changed"], reply["service"]["pid"]) == (False, False, pid)


def test_register_does_not_start_what_was_stopped(tree, profile):
    tree.register(profile)
    tree.call("Stop", names=[f"gateway-{profile}"], wait="down")
    reply = tree.register(profile, start=True)
    assert reply["created"] is False and reply["service"]["want"] == "down"


def test_register_without_start_is_down(tree, profile):
    reply = tree.register(profile, start=False)
    assert (reply["service"]["state"], reply["service"]["want"]) == ("down", "down")
    assert os.path.exists(f"{tree.slot(profile)}/down")
    assert not tree.status(profile).want_up


def test_two_registers_at_once_agree(tree, profile):
    with tree.connect() as one, tree.connect() as other:
        one.send("Register", {"profile": profile})
        other.send("Register", {"profile": profile})
        replies = [one.result(), other.result()]
    assert sorted(reply["created"] for reply in replies) == [False, True]


def test_environment_reaches_the_gateway_only(tree, profile):
    environment = {"GATEWAY_TEST": "environment", "PLAIN": "a value", "EMPTY": "", "LINES": "one\ntwo\n", "SPACES": "  x \t ",
                   "UNICODE": "ü\u20ac\U0001f600", "_LOWER_9": "$(id) `id` \\ ' \"", "LONG": "x" * 4096}
    tree.call("Register", profile=profile, environment=environment)
    tree.wait_gateway(profile)
    tree.wait_gateway_log(profile, *(f"environment {name}={value!r}\n" for name, value in environment.items()))
    # No value is told to anybody else.
    assert "a value" not in str(tree.call("List")) + str(tree.state(profile))
    for user in ("stranger", "observer"):
        assert tree.run(user, "cat", f"{SERVICES}/gateway-{profile}/env").returncode != 0


def test_environment_is_replaced_as_a_whole(tree, profile):
    tree.register(profile, environment={"ONE": "1", "TWO": "2"})
    pid = tree.wait_gateway(profile)
    assert tree.register(profile, environment={"TWO": "2", "ONE": "1"})["changed"] is False
    assert tree.register(profile)["changed"] is False, "null keeps what there is"
    assert tree.slot_variables(profile) == {"ONE": "1", "TWO": "2"}
    assert tree.register(profile, environment={"TWO": "2", "GATEWAY_TEST": "environment"})["changed"] is True
    assert tree.status(profile).pid == pid, "from the next start on"
    tree.call("Restart", names=[f"gateway-{profile}"], wait="up")
    wait_until(lambda: "environment TWO='2'" in tree.gateway_log(profile))
    assert "environment ONE=" not in tree.gateway_log(profile)
    assert tree.register(profile, environment={})["changed"] is True
    assert tree.slot_variables(profile) == {}


@pytest.mark.parametrize("variable,value", [
    ("HOME", "/"), ("HERMES_HOME", "/"), ("HERMES_S6_SUPERVISED_CHILD", "0"), ("HERMES_S6_", "x"), ("", "x"), ("A=B", "x"),
    ("A B", "x"), ("1A", "x"), ("A-B", "x"), ("A/B", "x"), ("../run", "x"), (".empty", "x"), ("Ä", "x"), ("A" * 65, "x"), ("A\n", "x"),
])
def test_bad_variables_are_refused(tree, profile, variable, value):
    with pytest.raises(VarlinkError) as caught:
        tree.call("Register", profile=profile, environment={"GOOD": "1", variable: value})
    assert caught.value.name == "InvalidEnvironment"
    assert caught.value.parameters["variable"] == variable and caught.value.parameters["reason"]
    tree.assert_absent(profile)


OLD_SLOT = r"""cd {slot}
    rm env; mkdir -m 750 env; chgrp hermes env; cd env
    printf one >A; printf 'two\n' >LINES; : >E; echo E >.empty; chmod 640 A LINES E .empty; chgrp hermes A LINES E .empty; cd ..
    sed -i 's,^\[ -d "$container_environment" \],set -- "$s6/s6-envdir" -Lfn env "$@"\n&,' run
    cat >/run/empty <<'END'
if [ -s env/.empty ]; then
    while read -r name; do
        case $name in
        '' | [!A-Za-z_]* | *[!A-Za-z0-9_]*) ;;
        *) export "$name=" ;;
        esac
    done <env/.empty
fi
END
    sed -i -e '/^exec 3<&-/r /run/empty' -e '/^exec 3/,/^exec 3<&-/d' gateway
    grep -q 'Lfn env' run && ! grep -q 3.*env gateway
    rm -f data/.state data/down"""


@pytest.mark.parametrize("running", [True, False])
def test_slot_of_an_older_broker(make_tree, running):
    """It keeps its scripts, which read a directory with a file for each variable: so that is what it goes on having."""
    tree = make_tree(before=OLD_TEMPLATE)
    tree.register("coder", start=running)
    tree.wait_state("coder", "up" if running else "down")
    if running:
        tree.wait_gateway("coder")  # its scripts have been read, and have read the variables
    tree.stop_broker()
    tree.run("root", "sh", "-ec", OLD_SLOT.format(slot=f"{SERVICES}/gateway-coder"), check=True)
    tree.start_broker()
    assert tree.state("coder")["state"] == ("up" if running else "down")
    old = {"A": "one", "LINES": "two\n", "E": ""}
    assert tree.register("coder", environment=old)["changed"] is False
    new = {"GATEWAY_TEST": "environment", "B": "", "LINES": "x\n\ny"}
    reply = tree.register("coder", environment=new)
    assert reply["changed"] is True and reply["persisted"] is True
    assert os.path.isdir(f"{tree.slot('coder')}/env")
    assert tree.slot_variables("coder") == new
    with open(tree.path("/opt/data/.svcbroker/intent/coder")) as file:
        assert json.load(file)["environment"] == new
    tree.call("Restart", names=["gateway-coder"])
    tree.wait_gateway_log("coder", *(f"environment {name}={value!r}\n" for name, value in new.items()))
    tree.call("Stop", names=["gateway-coder"], wait="down")
    # A new one has the new form.
    tree.call("Unregister", profile="coder")
    tree.register("coder", environment=new)
    assert os.path.isfile(f"{tree.slot('coder')}/env") and tree.slot_variables("coder") == new


def test_environment_bounds(tree, profile):
    tree.register(profile, start=False, environment={f"V{i}": "x" for i in range(64)} | {"V0": "x" * 4096})
    tree.register(profile, start=False, environment={"A" * 64: "x"})
    for environment in ({f"V{i}": "x" for i in range(65)}, {f"V{i}": "x" * 4096 for i in range(9)}):
        with pytest.raises(VarlinkError) as caught:
            tree.call("Register", profile=profile, environment=environment)
        assert caught.value.name in ("LimitExceeded", "InvalidEnvironment")


BAD_NAMES = ["", "A", "Coder", "-a", "_a", ".a", "a.b", "a/b", "../a", "a b", "a\n", "a\t", "ä", "a\u0001", "a*", "a;b", "$(id)", "~",
             "a" * 244, "a" * 4000, "/", "..", "a\\b", "a'b", 'a"b', "\U0001f600"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_of_every_bad_kind(tree, name):
    before = sorted(os.listdir(tree.path(SERVICES)))
    for method in ("Register", "Unregister"):
        with pytest.raises(VarlinkError) as caught:
            tree.call(method, profile=name)
        assert caught.value.name == "InvalidName" and caught.value.parameters["reason"], (method, name)
    assert sorted(os.listdir(tree.path(SERVICES))) == before


def test_nul_in_a_name_is_no_message(tree):
    with tree.connect() as connection:
        connection.send_bytes(encode("Register", {"profile": "a\0b"}), "Register")
        reply = connection.receive()
    assert reply["error"] in ("io.svcbroker.InvalidMessage", "io.svcbroker.InvalidName")


def test_longest_name(tree):
    name = "n" * 243
    try:
        assert tree.register(name)["service"]["name"] == f"gateway-{name}"
        assert tree.wait_state(name, "up")["profile"] == name
    finally:
        assert tree.call("Unregister", profile=name)["removed"] is True
    tree.assert_absent(name)


def test_name_in_the_scan_directory_that_is_not_ours(tree, profile):
    """Somebody's directory of that name is neither taken over nor removed."""
    tree.run("root", "sh", "-c", f"mkdir /run/service/gateway-{profile} && echo keep >/run/service/gateway-{profile}/mark", check=True)
    try:
        with pytest.raises(VarlinkError) as caught:
            tree.register(profile)
        assert caught.value.name in ("Protected", "Busy", "SystemError", "Unsupervised")
        with open(tree.path(f"/run/service/gateway-{profile}/mark")) as file:
            assert file.read() == "keep\n"
        assert not os.path.exists(tree.slot(profile))
    finally:
        tree.run("root", "rm", "-r", f"/run/service/gateway-{profile}", check=True)


def test_unregister_of_an_absent_one(tree):
    assert tree.call("Unregister", profile="never-there")["removed"] is False


def test_unregister_while_up(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    assert tree.call("Unregister", profile=profile)["removed"] is True
    tree.assert_absent(profile)
    tree.wait_gateway_log(profile, "ended by SIGTERM")
    with pytest.raises(VarlinkError, match="NotRegistered"):
        tree.call("Start", names=[f"gateway-{profile}"])


def test_unregister_while_starting(tree, profile):
    tree.register(profile)
    assert tree.call("Unregister", profile=profile)["removed"] is True
    tree.assert_absent(profile)


def test_unregister_while_registering(tree, profile):
    with tree.connect() as one, tree.connect() as other:
        one.send("Register", {"profile": profile})
        other.send("Unregister", {"profile": profile})
        answers = []
        for connection in (one, other):
            try:
                answers.append(connection.result())
            except VarlinkError as error:
                assert error.name == "Busy"
                answers.append(None)
    if answers[1] and answers[1]["removed"]:
        tree.assert_absent(profile)


def test_unregister_kills_after_its_deadline(tree, profile):
    tree.register(profile, "ignore-term,child")
    tree.wait_gateway(profile)
    assert tree.call("Unregister", profile=profile, timeout_msec=300)["removed"] is True
    tree.assert_absent(profile)


def test_unregister_ends_the_whole_group_and_no_more(tree, profile):
    tree.register(profile, "child,daemon")
    group = tree.wait_gateway(profile)

    def children_are_there():
        """One of them with a session of its own, which it makes some time after it has begun."""
        groups = [its for line, _, its in tree.processes().values() if f"-p {profile} gateway" in line]
        return len(groups) == 3 and groups.count(group) == 2

    wait_until(children_are_there, what="its children")
    assert tree.call("Unregister", profile=profile)["removed"] is True
    left = [(line, its) for line, _, its in tree.processes().values() if f"-p {profile} gateway" in line]
    assert len(left) == 1 and left[0][1] != group, "only what made a session of its own"
    tree.signal("KILL", *[pid for pid, (line, _, _) in tree.processes().items() if f"-p {profile} gateway" in line])


def test_two_unregisters_share_the_work(tree, profile):
    tree.register(profile, "drain:0.5")
    tree.wait_gateway(profile)
    with tree.connect() as one, tree.connect() as other:
        for connection in (one, other):
            connection.send("Unregister", {"profile": profile})
        assert True in [one.result()["removed"], other.result()["removed"]]
    tree.assert_absent(profile)


def test_default_is_protected(tree):
    tree.register("default")
    try:
        with pytest.raises(VarlinkError) as caught:
            tree.call("Unregister", profile="default")
        assert caught.value.name == "Protected"
        tree.wait_gateway("default")
        status = tree.status("default")
        assert tree.processes()[status.pid][0].endswith("hermes gateway run --replace")
    finally:
        tree.call("Stop", names=["gateway-default"], wait="down")


def test_same_name_two_hundred_times(make_tree):
    tree = make_tree()
    with tree.connect("root") as connection:
        for turn in range(200):
            assert connection.call("Register", profile="again", start=turn % 2 == 0)["created"] is True
            assert connection.call("Unregister", profile="again", timeout_msec=2)["removed"] is True
    tree.assert_absent("again")
    assert [name for name in os.listdir(tree.path(SERVICES)) if name != ".svcbroker-slot"] == []


def test_three_hundred_at_once(make_tree):
    tree = make_tree()
    names = [f"many-{i}" for i in range(300)]
    connections = [tree.connect("root") for _ in range(20)]
    for index, name in enumerate(names):
        connections[index % 20].send("Register", {"profile": name, "start": False})
    for index, _ in enumerate(names):
        assert connections[index % 20].result()["created"] is True
    services = {service["name"]: service for service in tree.call("List")["services"]}
    assert all(services[f"gateway-{name}"]["state"] == "down" for name in names)
    for index, name in enumerate(names):
        connections[index % 20].send("Unregister", {"profile": name})
    for index, _ in enumerate(names):
        assert connections[index % 20].result()["removed"] is True
    assert [name for name in os.listdir(tree.path(SERVICES)) if name != ".svcbroker-slot"] == []
    assert sorted(os.listdir(tree.path("/run/service"))) == [".s6-svscan", "svcbrokerd"]
    wait_until(lambda: not [line for line, _, _ in tree.processes().values() if "many-" in line], what="all supervisors gone")


@pytest.mark.parametrize("limit", [7, 8])
def test_too_many_services(make_tree, limit):
    """The bound is s6-svscan's, which counts loggers and ignores what is over it without a word."""
    tree = make_tree("--services-max", str(limit), services_max=limit)
    for name in ("a", "b", "c"):
        tree.register(name, start=False)
    with pytest.raises(VarlinkError) as caught:
        tree.register("d", start=False)
    assert caught.value.name == "TooManyServices" and caught.value.parameters == {"limit": limit}
    tree.assert_absent("d")
    assert tree.register("c")["created"] is False
    tree.call("Unregister", profile="a")
    assert tree.register("d", start=False)["created"] is True
    assert tree.supervisor("gateway-d") and tree.supervisor("gateway-d/log")
