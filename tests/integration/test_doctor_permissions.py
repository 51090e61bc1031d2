# SPDX-License-Identifier: ISC
"""Diagnose finds what users other than root can write, wherever s6 or the broker trusts it."""

import os

import pytest

from doctor import STATIC, TEMPLATE, assert_check, diagnose, make_clinic, verdicts
from tree import SERVICES

@pytest.fixture(scope="module")
def clinic(module_trees):
    return make_clinic(module_trees)


SLOT = f"{SERVICES}/gateway-coder"


@pytest.mark.parametrize("check,spoil,mend,culprit", [
    ("permissions_services", f"touch {SLOT}/x; chmod 666 {SLOT}/x", f"rm {SLOT}/x", f"{SLOT}/x"),
    ("permissions_services", f"chgrp hermes {SLOT}/data/profile; chmod 664 {SLOT}/data/profile",
     f"chgrp root {SLOT}/data/profile; chmod 644 {SLOT}/data/profile", f"{SLOT}/data/profile"),
    ("permissions_services", f"chmod 770 {SLOT}/env", f"chmod 750 {SLOT}/env", f"{SLOT}/env"),
    ("permissions_services", f"chmod 777 {SLOT}/supervise/control", f"chmod 600 {SLOT}/supervise/control",
     f"{SLOT}/supervise/control"),
    ("permissions_services", f"ln -s /x {SLOT}/x; chown -h hermes {SLOT}/x", f"rm {SLOT}/x", f"{SLOT}/x"),
    ("permissions_services", f"mkdir -m 1777 {SERVICES}/.x", f"rmdir {SERVICES}/.x", f"{SERVICES}/.x"),
    ("permissions_template", f"touch {TEMPLATE}/log/x; chown hermes {TEMPLATE}/log/x", f"rm {TEMPLATE}/log/x", f"{TEMPLATE}/log/x"),
    ("permissions_socket", "touch /run/svcbroker/x; chmod o+w /run/svcbroker/x", "rm /run/svcbroker/x", "/run/svcbroker/x"),
    ("permissions_scandir", "mkdir -m 777 /run/service/.x", "rmdir /run/service/.x", "/run/service/.x"),
    ("permissions_scandir", "chmod 622 /run/service/.s6-svscan/control", "chmod 600 /run/service/.s6-svscan/control",
     "/run/service/.s6-svscan/control"),
    ("permissions_binary", "chmod o+w /usr/local/sbin/svcbrokerd", "chmod o-w /usr/local/sbin/svcbrokerd", "/usr/local/sbin/svcbrokerd"),
    ("permissions_scripts", f"chmod o+w {STATIC}/run", f"chmod o-w {STATIC}/run", f"{STATIC}/run (run of dashboard)"),
    ("permissions_scripts", f"chown hermes {STATIC}/finish", f"chown root {STATIC}/finish", f"{STATIC}/finish (finish of dashboard)"),
    ("permissions_scripts", f"chmod 777 {STATIC}/log", f"chmod 755 {STATIC}/log", f"{STATIC}/log (log/run of dashboard)"),
    ("permissions_scripts", f"chmod 777 {STATIC}/event", f"chmod 700 {STATIC}/event", f"{STATIC}/event (event of dashboard)"),
    ("permissions_scripts", "chmod 777 /run/s6-rc", "chmod 755 /run/s6-rc", "/run/s6-rc (run of "),
    # The directory of an interpreter, where its link leads to, and an interpreter's own.
    ("permissions_scripts", "chmod 777 /opt/bin", "chmod 755 /opt/bin", "/opt/bin (run of dashboard)"),
    ("permissions_scripts", "cp /bin/sh /opt/sh; chown hermes /opt/sh; ln -sf /opt/sh /opt/bin/sh", "ln -sf /bin/sh /opt/bin/sh",
     "/opt/sh (run of dashboard)"),
    ("permissions_scripts", "cp /bin/sh /opt/x; chmod 777 /opt/x; sed -i 1s,.*,#!/opt/x, /opt/bin/wrapper",
     "sed -i 1s,.*,#!/bin/sh, /opt/bin/wrapper", "/opt/x (finish of dashboard)"),
    ("permissions_scripts", f"sed -i '1s,.*,#!/opt/data/sh,' {STATIC}/finish", f"sed -i '1s,.*,#!/opt/bin/wrapper,' {STATIC}/finish",
     "/opt/data (finish of dashboard)"),
    # `#!/usr/bin/env sh`: /usr/local/bin comes before /usr/bin.
    ("permissions_scripts", "cp /bin/sh /usr/local/bin/sh; chmod 777 /usr/local/bin/sh", "rm /usr/local/bin/sh",
     "/usr/local/bin/sh (log/run of dashboard)"),
])
def test_writable_by_others(clinic, check, spoil, mend, culprit):
    clinic.run("root", "sh", "-c", f"set -e; {spoil}", check=True)
    try:
        found = assert_check(clinic, check, "failure", culprit)
        assert "users other than root can write" in found["detail"]
    finally:
        clinic.run("root", "sh", "-c", mend, check=True)
    assert_check(clinic, check, "ok")


def test_parents_are_everybodys_business(clinic):
    """/run holds nearly everything: all that is in it is told of, not only the first."""
    clinic.run("root", "chmod", "777", "/run", check=True)
    checks = diagnose(clinic)
    clinic.run("root", "chmod", "755", "/run", check=True)
    assert verdicts(checks, "failure") == {"permissions_scandir", "permissions_services", "permissions_socket", "permissions_scripts"}
    assert all("write /run" in checks[name]["detail"] for name in verdicts(checks, "failure"))


def test_what_may_be_written(clinic):
    """A listener's FIFO, and the group of root."""
    clinic.run("root", "sh", "-c", f"mkfifo -m 622 {SLOT}/event/x; chown hermes {SLOT}/event/x; chmod g+w {SLOT}/run", check=True)
    checks = diagnose(clinic)
    clinic.run("root", "sh", "-c", f"rm {SLOT}/event/x; chmod g-w {SLOT}/run", check=True)
    assert verdicts(checks, "failure") == set()


def test_what_cannot_be_looked_at(clinic):
    """Root without CAP_DAC_OVERRIDE is bound by modes as anybody is."""
    clinic.run("root", "mkdir", "-m", "311", "/run/svcbroker/closed", check=True)
    assert_check(clinic, "permissions_socket", "warning", "/run/svcbroker/closed (Permission denied)")
    clinic.run("root", "rmdir", "/run/svcbroker/closed", check=True)
    clinic.run("root", "chmod", "311", f"{STATIC}/finish", check=True)
    assert_check(clinic, "permissions_scripts", "warning", "/finish (Permission denied)")
    clinic.run("root", "chmod", "755", f"{STATIC}/finish", check=True)
    assert_check(clinic, "permissions_scripts", "ok")


def test_files_that_slots_share(clinic):
    """They are looked into once: all that have such a file are told of all the same, and each has its own interpreter."""
    names = ("default", "coder")
    assert len({os.stat(f"{clinic.slot(name)}/run").st_ino for name in names}) == 1
    os.chmod(f"{clinic.slot('coder')}/run", 0o644)
    found = diagnose(clinic)["execution"]
    os.chmod(f"{clinic.slot('coder')}/run", 0o755)
    assert all(f"run of gateway-{name} (its mode lets nobody execute it)" in found["detail"] for name in names), found
    program = f"{clinic.slot('coder')}/svcbroker-slot"
    os.rename(program, f"{program}~")
    found = diagnose(clinic)["execution"]
    clinic.run("root", "sh", "-c", f"cd {SLOT}; cp svcbroker-slot~ svcbroker-slot; chown hermes svcbroker-slot", check=True)
    loose = diagnose(clinic)["permissions_scripts"]
    os.rename(f"{program}~", program)
    words = "its interpreter /run/service/gateway-coder/./svcbroker-slot: it is not there"
    assert f"run of gateway-coder ({words})" in found["detail"] and "gateway-default" not in found["detail"], found
    assert f"{SLOT}/svcbroker-slot (run of gateway-coder)" in loose["detail"] and "gateway-default" not in loose["detail"], loose
    assert diagnose(clinic)["execution"]["verdict"] == "ok"


def test_many_are_counted(clinic):
    clinic.run("root", "sh", "-c", "cd /run/svcbroker; for i in $(seq 200); do touch x$i; chmod 666 x$i; done", check=True)
    found = assert_check(clinic, "permissions_socket", "failure")
    clinic.run("root", "sh", "-c", "rm /run/svcbroker/x*", check=True)
    assert found["detail"].endswith("and 195 more") and len(found["detail"]) < 1024


def test_replaced_program(make_tree):
    tree = make_tree(profiles="")
    tree.run("root", "sh", "-c", "cd /usr/local/sbin; cp -p svcbrokerd x; mv x svcbrokerd", check=True)
    assert_check(tree, "permissions_binary", "warning", "was replaced")


@pytest.mark.parametrize("path,words", [
    ("/opt/open:/usr/bin:/bin", ["/opt/open"]), ("/usr/bin:/bin:bin", ["bin (not absolute)"]), ("/usr/bin::/bin", [". (not absolute)"]),
    ("/opt/none/bin:/usr/bin:/bin", []), ("/usr/bin:/bin:/opt/link/x", ["/opt/link/x"]),
    ("/usr/bin:/bin:/opt/data/.local/bin", ["/opt/data/.local/bin"]),
])
@pytest.mark.parametrize("whose", ["supervisor", "exec"])
def test_path(make_tree, whose, path, words):
    """What root runs by name is looked up there, before or behind other directories: it is no less than a loose script."""
    before = "mkdir -m 777 /opt/open; ln -s data /opt/link"
    tree = make_tree(profiles="", before=before, path=path) if whose == "supervisor" else \
        make_tree("--exec-path", path, profiles="", before=before)
    told = [problem for problem in tree.call("Health", "hermes")["problems"] if "PATH leads" in problem]
    assert len(told) == bool(words) and all(word in told[0] for word in words), told
    assert tree.run("root", "/usr/local/bin/svcctl", "health").returncode == bool(words)
    assert_check(tree, "permissions_path", "failure" if words else "ok", *words)


def test_path_that_is_mended(make_tree):
    """Health has it from the last look: Diagnose takes another."""
    tree = make_tree("--exec-path", "/opt/open:/usr/bin", profiles="", before="mkdir -m 777 /opt/open")
    assert not tree.call("Health", "root")["healthy"]
    tree.run("root", "chmod", "755", "/opt/open", check=True)
    assert_check(tree, "permissions_path", "ok")
    assert tree.call("Health", "root")["healthy"]
