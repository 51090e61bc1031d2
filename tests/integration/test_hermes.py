# SPDX-License-Identifier: ISC
"""The adapter for Hermes in a tree, as an image has it: a virtual environment with the package, the .pth file and a stand-in of
Hermes that knows nothing of the broker; or, with HERMES_SOURCE, a checkout of it. Its commands run as hermes."""

import json
import os
import re
import shutil
import sys
import textwrap

import pytest

from tree import TOP, wait_until
from varlink import HANG_SEC

sys.path.append(f"{TOP}/tests/python")

import real_hermes  # noqa: E402

HERMES = "/opt/data/venv"
BARE = "/opt/data/bare"  # the same without the package
# What client/python/README.md says: how an image's build installs it, and a program.
with open(f"{TOP}/client/python/README.md") as readme:
    SECTION = readme.read().partition("\n## Hermes\n")[2]
COMMANDS = "".join(re.findall(r"^    (.*\n)", SECTION.partition("```")[0], re.M))
# The same command with an adapter that waits for the broker as long as tests do: one with sanitizers on a busy machine may take
# longer to be back than a user is kept waiting.
PATIENTLY = ("-c", f"import runpy, svcbroker.hermes as it; it.S6ServiceManager._ask.__defaults__ = ({HANG_SEC},); "
             "runpy.run_module('hermes_cli.commands', run_name='__main__')")
PROGRAM = re.search(r"^```python\n(.*?)^```$", SECTION, re.M | re.S)[1]


@pytest.fixture(scope="module")
def application(tree):
    for place in (HERMES, BARE):
        # A checkout's dependencies are Debian's.
        tree.run("hermes", "python3", "-m", "venv", "--without-pip", *(["--system-site-packages"] if real_hermes.SOURCE else []), place, check=True)
        site = python(tree, "import sysconfig; print(sysconfig.get_path('purelib'), end='')", place=place).stdout
        if real_hermes.SOURCE:
            real_hermes.make(tree.path(site), whole=True)
        else:
            shutil.copytree(f"{real_hermes.STAND_IN}/hermes_cli", f"{tree.path(site)}/hermes_cli")
        if place == HERMES:
            tree.run("root", "sh", "-euc", COMMANDS.replace("/opt/hermes/.venv", HERMES), check=True)
    return tree


def python(tree, code, user="hermes", place=HERMES):
    return tree.run(user, f"{place}/bin/python3", "-B", "-c", textwrap.dedent(code))


@pytest.fixture
def hermes(application):
    """hermes(word, ...): a command, as its user has it. What it printed."""
    def run(*words, code=0, command=("-m", "hermes_cli.commands")):
        done = application.run("hermes", f"{HERMES}/bin/python3", "-B", *command, *words)
        assert (done.returncode, done.stderr) == (code, ""), done
        return done.stdout
    return run


@pytest.fixture
def on_volume(tree, profile):
    """A profile whose directory is on the volume, as one has that was made outside."""
    path = tree.path(f"/opt/data/profiles/{profile}")
    os.mkdir(path)
    with open(f"{path}/SOUL.md", "w") as file:
        file.write("You.\n")
    tree.run("root", "chown", "-R", "hermes:hermes", f"/opt/data/profiles/{profile}", check=True)
    return profile


def test_the_life_of_a_profile(tree, hermes, on_volume):
    profile = on_volume
    assert hermes("profile", "create", profile) == ""
    assert tree.state(profile)["state"] == "down"
    assert hermes("profile", "create", profile) == "", "nobody has wanted it yet: the broker itself may have made it"
    hermes("gateway", "start", profile)
    tree.wait_state(profile, "up")
    assert hermes("profile", "create", profile) == "there already\n"
    first = tree.wait_gateway(profile)
    hermes("gateway", "restart", profile)
    wait_until(lambda: tree.status(profile).pid not in (0, first), what="another process")
    tree.wait_state(profile, "up")
    hermes("gateway", "stop", profile)
    assert tree.wait_state(profile, "down")["want"] == "down"
    assert hermes("profile", "delete", profile) == ""
    tree.assert_absent(profile)
    assert hermes("profile", "delete", profile) == ""


def test_a_profile_without_a_slot_is_started(tree, hermes, on_volume):
    hermes("gateway", "start", on_volume)
    tree.wait_state(on_volume, "up")


def test_a_typo(hermes):
    for action in ("start", "stop", "restart"):
        assert hermes("gateway", action, "typo", code=1).partition(":")[0].rstrip() == "✗ no such gateway 'typo'"


def test_doctor_and_all(tree, hermes, on_volume):
    tree.register(on_volume)
    tree.wait_state(on_volume, "up")
    services = tree.call("List")["services"]
    gateways = [service for service in services if service["kind"] == "gateway"]
    running = sum(service["pid"] is not None for service in gateways)
    assert hermes("doctor") == ("main-hermes: down\ndashboard: down\n"
                                f"{running} of {len(gateways)} up, {len(gateways)} directories\n")
    hermes("gateway-all", "stop")
    tree.wait_state(on_volume, "down")
    hermes("gateway-all", "restart")
    assert tree.state(on_volume)["want"] == "down", "it was stopped"
    hermes("gateway", "restart", on_volume)
    tree.wait_state(on_volume, "up")


def test_both_kinds_of_manager_and_the_errors(application):
    done = python(application, """
        import json
        from pathlib import Path
        from hermes_cli import service_manager as module
        told = []
        for manager in (module.get_service_manager(), module.S6ServiceManager(scandir=Path("/run/service"))):
            assert type(manager) is module.S6ServiceManager and manager.is_running("svcbrokerd")
            try:
                manager.stop("svcbrokerd")
            except module.S6CommandError as error:
                told.append([error.service, error.action, error.returncode, error.stderr])
        assert module.own_way == []
        import svcbroker.hermes
        assert svcbroker.hermes.S6CommandError is module.S6CommandError
        assert type(svcbroker.hermes.get_service_manager()) is svcbroker.hermes.S6ServiceManager
        print(json.dumps(told))
    """)
    assert done.returncode == 0, done.stderr
    told, again = json.loads(done.stdout)
    assert told == again and told[:3] == ["svcbrokerd", "stop", 5] and "Protected: svcbrokerd" in told[3]


def test_detection_as_any_user(application):
    for user in ("hermes", "root", "stranger"):
        done = python(application, "import svcbroker.hermes; print(svcbroker.hermes.detect())", user)
        assert done.stdout == "Detection(kind='s6', broker=True)\n", (user, done)


def test_who_may_not_is_told_so(application):
    done = python(application, """
        from hermes_cli.service_manager import S6CommandError, S6ServiceManager
        try:
            S6ServiceManager().list_profile_gateways()
        except S6CommandError as error:
            print(error.returncode, error.stderr)
    """, "stranger")
    assert "Permission denied" in done.stdout, done


def test_without_the_package_hermes_is_itself(application):
    done = python(application, """
        from hermes_cli import service_manager as module
        module.get_service_manager().start("gateway-a")
        assert module.own_way == [("start", "gateway-a")]
    """, place=BARE)
    assert done.returncode == 0, done.stderr


def test_a_broker_that_is_killed_is_not_noticed(tree, hermes, on_volume):
    tree.register(on_volume, start=False)
    done = []
    for action in ("start", "restart", "stop"):
        tree.expected_ends += 1
        pid = tree.broker_pid()
        tree.signal("KILL", pid)
        done.append(hermes("gateway", action, on_volume, command=PATIENTLY))
        wait_until(lambda: tree.broker_is_ready(pid), what="the broker back")
    assert done == [""] * 3
    tree.wait_state(on_volume, "down")


def test_a_broker_that_is_down_is_an_error_in_time(tree, hermes):
    tree.stop_broker()
    told = hermes("gateway", "stop", "coder", code=1)
    tree.start_broker()
    assert "rc=69" in told and "/run/svcbroker/io.svcbroker" in told


def test_the_program_of_the_readme(application):
    done = python(application, PROGRAM)
    assert (done.stdout, done.stderr) == ("Detection(kind='s6', broker=True)\nno gateway: coder\n", "")
