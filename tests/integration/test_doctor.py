# SPDX-License-Identifier: ISC
"""Diagnose and `svcctl doctor`: what is well has no failure; what is printed; many who ask."""

import json
import os
import re

import pytest

from doctor import TEMPLATE, diagnose, doctor, make_clinic, unwell, verdicts
from tree import TOP

@pytest.fixture(scope="module")
def clinic(module_trees):
    return make_clinic(module_trees)


def test_everything_is_well(clinic):
    for user in ("root", "hermes"):
        checks = diagnose(clinic, user)
        assert unwell(checks) == {}
    result = doctor(clinic)
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == len(checks) + 1, "a line a check, and the sum"
    assert f"{len(checks)} checks: {len(checks)} ok, 0 warnings, 0 failures" in result.stdout
    assert not os.path.lexists(clinic.path("/opt/data/.svcbroker/.doctor")), "what was written to see whether it can be"


def test_every_check_is_in_the_manual(clinic):
    with open(f"{TOP}/man/io.svcbroker.7") as file:
        manual = file.read().partition(".Ss Checks")[2].partition(".Ss ")[0]
    told = re.findall(r"^\.It Ql (\w+)$", manual, re.M)
    assert told == list(diagnose(clinic)), "each with its line, in the order of the reply"


def test_sandbox_has_no_failures(tree):
    """As it comes: profiles without gateways."""
    checks = diagnose(tree)
    assert verdicts(checks, "failure") == set()
    assert verdicts(checks, "warning") == {"profiles"}
    assert "coder, writer" in checks["profiles"]["detail"]
    assert doctor(tree).returncode == 0


def test_what_svcctl_prints(clinic):
    clinic.run("root", "touch", f"{TEMPLATE}/x", check=True)
    clinic.run("root", "chmod", "666", f"{TEMPLATE}/x", check=True)
    try:
        result = doctor(clinic)
        assert result.returncode == 1 and result.stderr == ""
        lines = result.stdout.splitlines()
        (at,) = [i for i, line in enumerate(lines) if line.startswith("failure  permissions_template ")]
        column = lines[at].index("users other than root")
        assert f"{TEMPLATE}/x" in lines[at]
        assert lines[at + 1].startswith(" " * (column + 2) + "make it root's"), "advice below it, indented"
        result = doctor(clinic, "--json")
        document = json.loads(result.stdout)
        clinic.service.reply("io.svcbroker.Diagnose", False, {"parameters": document})
        assert result.returncode == 1 and len(document["checks"]) > 20
        colours = clinic.run("hermes", "env", "TERM=xterm", "script", "-qec", "svcctl doctor", "/dev/null").stdout
        assert "\x1b[31mfailure\x1b[0m" in colours and "\x1b[32mok\x1b[0m" in colours
    finally:
        clinic.run("root", "rm", f"{TEMPLATE}/x", check=True)
    assert doctor(clinic).returncode == 0
    assert doctor(clinic, "--socket", "/nonexistent").returncode == 69
    assert doctor(clinic, "more").returncode == 2
    assert doctor(clinic, user="stranger").returncode == 5


# Many who ask

def test_many_ask_at_once(clinic):
    connections = [clinic.connect(user) for user in ("hermes", "root") for _ in range(40)]
    for connection in connections:
        connection.send("Diagnose")
        connection.send("Diagnose")
    for connection in connections[::3]:
        connection.close()
    for connection in connections:
        if connection not in connections[::3]:
            assert unwell({check["name"]: check for check in connection.result()["checks"]}) == {}
            assert connection.result()["checks"]
            connection.close()
    assert unwell(diagnose(clinic)) == {}


def test_no_reply_wanted(clinic):
    with clinic.connect() as connection:
        connection.send("Diagnose", oneway=True)
        connection.send("Health")
        assert connection.result()["healthy"] is True
        connection.send("Diagnose", {"deep": True})
        assert connection.receive()["error"] == "org.varlink.service.InvalidParameter"
