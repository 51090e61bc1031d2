# SPDX-License-Identifier: ISC
"""What the tests of Diagnose and `svcctl doctor` share."""

from tree import wait_until

TEMPLATE = "/usr/local/share/svcbroker/gateway"
STATIC = "/run/s6-rc/servicedirs/dashboard"
PLANT_STATIC = f"""
mkdir -p {STATIC}/log /opt/bin
printf '#!/opt/bin/sh\\nexec sleep 1000\\n' >{STATIC}/run
printf '#!/opt/bin/wrapper\\nexit 0\\n' >{STATIC}/finish
printf '#!/usr/bin/env sh\\nexec cat\\n' >{STATIC}/log/run
printf '#!/bin/sh\\nexec /bin/sh "$@"\\n' >/opt/bin/wrapper
ln -s /bin/sh /opt/bin/sh
chmod 755 {STATIC}/run {STATIC}/finish {STATIC}/log/run /opt/bin/wrapper
ln -s {STATIC} /run/service/dashboard
"""
# What is not well either, then: the template is audited as such too, and hermes's files need hermes's identity.
CONSEQUENCES = {"permissions_template": {"template"}, "capabilities": {"intent_store"}}


def without(*capabilities):
    """s6-svscan, and so everything under it, without them."""
    return f"""exec() {{ builtin exec setpriv --bounding-set={",".join("-" + name for name in capabilities)} "$@"; }}"""


def diagnose(tree, user="root"):
    """{name: check}. The harness holds the reply against the interface; here is what that cannot say."""
    found = tree.call("Diagnose", user)["checks"]
    checks = {check["name"]: check for check in found}
    assert len(checks) == len(found)
    for check in found:
        assert check["detail"] and ("advice" in check) == (check["verdict"] != "ok"), check
        assert check.get("advice") != ""
    return checks


def verdicts(checks, verdict):
    return {name for name, check in checks.items() if check["verdict"] == verdict}


def unwell(checks):
    return {name: check["detail"] for name, check in checks.items() if check["verdict"] != "ok"}


def assert_check(tree, name, verdict, *words):
    """Looks until it is so, for what the broker is told of by inotify; and nothing else fails."""
    def looks():
        checks = diagnose(tree)
        return checks if checks[name]["verdict"] == verdict else None

    checks = wait_until(looks, what=f"{name} {verdict}: {tree.call('Diagnose', 'root')}")
    assert verdicts(checks, "failure") <= {name} | CONSEQUENCES.get(name, set()), unwell(checks)
    for word in words:
        assert word in checks[name]["detail"], checks[name]
    return checks[name]


def make_clinic(make_tree):
    """A tree in which everything is as it should be, every profile's gateway included, and a static service with a logger."""
    tree = make_tree(profiles="coder", before=PLANT_STATIC)
    for profile in ("default", "coder"):
        tree.register(profile)
        tree.wait_gateway(profile)
    # A static service that the broker saw before its s6-supervise was there is looked at again after a while.
    wait_until(lambda: tree.call("Health", "root")["healthy"], what="everything healthy")
    return tree


def doctor(tree, *arguments, user="hermes"):
    return tree.run(user, "svcctl", "doctor", *arguments)
