# SPDX-License-Identifier: ISC
"""Profiles whose directory in profiles/ is a symbolic link: followed where it stays on the volume, said where it does not."""

import json
import os

import pytest

from test_boot import again, states, wait_states
from tree import wait_until
from varlink import VarlinkError
from volume import UID

HOME = "/opt/data"  # as the tree has the volume


def link(volume, name, target):
    volume.directory("profiles")
    path = f"{volume.path}/profiles/{name}"
    os.symlink(target, path)
    os.chown(path, UID, UID, follow_symlinks=False)


def checks(tree):
    return {check["name"]: check for check in tree.call("Diagnose", "root")["checks"]}


def actions(tree):
    return {action["profile"]: action for action in tree.call("Reconcile", "root", dry_run=True)["actions"]}


INSIDE = {
    "relative": "../elsewhere/one",
    "absolute": f"{HOME}/elsewhere/one",
    "chained": "relative",
    "through": "../way/one",
    "around": f"../../../{HOME.strip('/')}/elsewhere/one",
}
OUTSIDE = {
    "etc": "/etc",
    "up": "../../..",
    "volume": "..",
    "other": "/opt/other/profile",
    "process": "/proc/self/cwd",
    "descriptors": "/proc/self/fd",
    "closed": "/root/secret",
    "through-out": "../out/profile",
}
NOWHERE = {"dangling": "../elsewhere/none", "loop": "loop", "magic": "/proc/self/root"}
BEFORE = "mkdir -p /opt/other/profile; : >/opt/other/profile/SOUL.md; mkdir -p /root/secret; : >/root/secret/SOUL.md; chmod 700 /root"


def test_links_that_stay_on_the_volume(boot, volume):
    """Booted, ordered with a marker in the right place, cleaned, and there again after the container's restart."""
    volume.write("elsewhere/one/SOUL.md", "You.\n")
    os.symlink("elsewhere", f"{volume.path}/way")
    volume.write("elsewhere/one/gateway_state.json", json.dumps({"gateway_state": "running"}))
    volume.write("elsewhere/one/gateway.pid", "1\n")
    for name, target in INSIDE.items():
        link(volume, name, target)
    tree = boot()
    up = {name: "up" for name in INSIDE}
    wait_states(tree, default="down", **up)
    for name in INSIDE:
        assert tree.call("Stop", names=[f"gateway-{name}"], wait="down")["outcomes"][0]["persisted"] is True
        assert os.path.exists(f"{volume.path}/elsewhere/one/.gateway-planned-stop.json"), name
        os.unlink(f"{volume.path}/elsewhere/one/.gateway-planned-stop.json")
        assert os.path.islink(f"{volume.path}/profiles/{name}")
    link(volume, "later", "../elsewhere/one")
    assert tree.call("Register", profile="later")["persisted"] is True
    again(tree)
    wait_states(tree, default="down", later="up", **{name: "down" for name in INSIDE})
    found = checks(tree)
    assert found["profiles"]["verdict"] == found["slots"]["verdict"] == found["intent_store"]["verdict"] == "ok", found
    assert not [line for line in volume.read("logs/container-boot.log").splitlines() if "skipped" in line]


def test_where_all_profiles_are(boot, volume):
    """profiles/ itself is a link."""
    volume.write("data/coder/SOUL.md", "You.\n")
    volume.write(".svcbroker/intent/coder", '{"version":1,"want":"up"}')
    os.symlink("data", f"{volume.path}/profiles")
    tree = boot()
    wait_states(tree, coder="up", default="down")
    assert checks(tree)["profiles"]["verdict"] == "ok"
    tree.call("Stop", names=["gateway-coder"], wait="down")
    assert os.path.exists(f"{volume.path}/data/coder/.gateway-planned-stop.json")


def test_links_that_do_not(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    os.symlink("/opt/other", f"{volume.path}/out")
    for name, target in {**OUTSIDE, **NOWHERE}.items():
        link(volume, name, target)
    os.symlink("/etc/passwd", f"{volume.path}/profiles/file")
    os.symlink("/etc", f"{volume.path}/profiles/No Name")
    volume.write(".svcbroker/intent/other", '{"version":1,"want":"up"}')
    tree = boot(before=BEFORE)
    wait_states(tree, coder="up", default="down")
    boot_log = volume.boot_text()
    log, listed, found = tree.log(), actions(tree), checks(tree)["profiles"]
    for name in (*OUTSIDE, *NOWHERE):
        word = "nowhere" if name == "dangling" else "cannot be followed" if name in ("loop",) else "link"
        assert f"service=gateway-{name}\n" in log, name
        assert f" profile={name} prior_state=None action=skipped why=link prior_exit=unknown\n" in boot_log
        assert listed[name]["action"] == "skipped" and word in listed[name]["message"], listed[name]
    assert found["verdict"] == "warning" and "etc (its directory is a link that leads outside the volume)" in found["detail"]
    assert set(listed) == {"default", "coder", *OUTSIDE, *NOWHERE}
    for name in OUTSIDE:
        for method, arguments in (("Register", {"profile": name}), ("Start", {"names": [f"gateway-{name}"]})):
            with pytest.raises(VarlinkError) as caught:
                tree.call(method, **arguments)
            assert caught.value.name == "Protected" and "link" in caught.value.parameters["reason"], (name, method)
    done = tree.run("hermes", "svcctl", "register", "etc")
    assert done.returncode == 5 and "leads outside the volume: put a directory in its place" in done.stderr, done
    assert set(states(tree)) == {"coder", "default"}
    assert not os.path.exists(tree.path("/opt/other/profile/.gateway-planned-stop.json"))
    # What it is about is one profile's: mended, it is served.
    os.unlink(f"{volume.path}/profiles/other")
    os.symlink("coder", f"{volume.path}/profiles/other")
    assert tree.call("Start", names=["gateway-other"], wait="up")["outcomes"][0]["service"]["state"] == "up"


def test_a_link_that_turns_while_it_runs(boot, volume):
    """A stop's marker is written nowhere else, and nothing of the gateway is lost."""
    volume.write("elsewhere/one/SOUL.md", "You.\n")
    link(volume, "coder", "../elsewhere/one")
    tree = boot(before=BEFORE + "; chmod -R a+rwX /opt/other")
    tree.call("Start", names=["gateway-coder"], wait="up")
    os.unlink(f"{volume.path}/profiles/coder")
    link(volume, "coder", "/opt/other/profile")
    assert tree.call("Stop", names=["gateway-coder"], wait="down")["outcomes"][0]["persisted"] is True
    assert set(os.listdir(tree.path("/opt/other/profile"))) <= {"SOUL.md", "gateway_state.json"}, "the latter is the gateway's own"
    assert actions(tree)["coder"]["action"] == "skipped" and tree.state("coder")["state"] == "down"


def test_a_record_whose_profile_is_not_found(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    volume.directory("profiles/empty")
    for name in ("gone", "empty"):
        volume.write(f".svcbroker/intent/{name}", '{"version":1,"want":"up"}')
    volume.write(".svcbroker/intent/Not A Name", "")
    tree = boot()
    wait_states(tree, coder="up", default="down")
    boot_log = volume.boot_text()
    for name in ("gone", "empty"):
        assert f"reconcile: recorded and not found: service=gateway-{name}\n" in tree.log()
        assert f" profile={name} prior_state=None action=skipped why=no_profile prior_exit=unknown\n" in boot_log
        assert "no such profile" in actions(tree)[name]["message"]
        assert os.path.exists(f"{volume.path}/.svcbroker/intent/{name}")
    found = checks(tree)["intent_store"]
    assert found["verdict"] == "warning" and "not found: gone, empty" in found["detail"], found
    assert tree.call("Unregister", profile="gone")["persisted"] is True
    assert tree.call("Register", profile="empty")["persisted"] is True
    wait_until(lambda: checks(tree)["intent_store"]["verdict"] == "ok", what="nothing lost")
