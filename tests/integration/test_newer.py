# SPDX-License-Identifier: ISC
"""Files that a newer broker wrote, met by this one: what it does not know is passed on, or said."""

import json
import os

import pytest

from test_boot import again, states, wait_states
from tree import wait_until

NEWER = "written by a newer svcbrokerd"
# As they are written, since they are passed on as bytes.
UNKNOWN = '"quiet_until": [1.50, {"want": "}"}], "Want": null'


def checks(tree):
    return {check["name"]: check for check in tree.call("Diagnose", "root")["checks"]}


@pytest.mark.parametrize("version", ["1", "1.7", '"1.10"'])
def test_what_is_not_known_is_passed_on(boot, volume, version):
    """Up and down: a newer minor version's intent comes through boots, orders, other variables, and a broker killed in between."""
    volume.profile("coder", intent=f'{{"version": {version}, "want": "up", {UNKNOWN}, "environment": {{"A": "b"}}}}')
    volume.profile("plain", intent={"version": 1, "want": "up"})
    tree = boot()
    wait_states(tree, coder="up", plain="up", default="down")

    def check(want, environment):
        text = volume.read(".svcbroker/intent/coder")
        assert text.startswith(f'{{"version":{version},"want":"{want}"'), text
        assert json.loads(text) == {**json.loads(f'{{"version": {version}, {UNKNOWN}}}'), "want": want, "environment": environment}
        assert '"quiet_until":[1.50, {"want": "}"}]' in text, text
    for name in ("coder", "plain"):
        assert tree.call("Stop", names=[f"gateway-{name}"], wait="down")["outcomes"][0]["persisted"] is True
    check("down", {"A": "b"})
    assert volume.read(".svcbroker/intent/plain") == '{"version":1,"want":"down"}\n', "which any broker reads"
    tree.kill_broker()
    assert tree.call("Register", profile="coder", environment={"A": "c"})["persisted"] is True
    check("down", {"A": "c"})
    again(tree)
    wait_states(tree, coder="down", plain="down", default="down")
    assert tree.call("Restart", names=["gateway-coder"], wait="up")["outcomes"][0]["persisted"] is True
    check("up", {"A": "c"})
    again(tree)
    wait_states(tree, coder="up", plain="down", default="down")
    assert checks(tree)["intent_store"]["verdict"] == "ok"
    assert tree.call("Unregister", profile="coder")["persisted"] is True
    assert not os.path.exists(f"{volume.path}/.svcbroker/intent/coder")


def test_a_register_before_anything_was_read(boot, volume):
    """Nobody has looked at that record: it came after the boot."""
    volume.profile("coder")
    tree = boot()
    volume.profile("later", intent=f'{{"version":1,"want":"down",{UNKNOWN}}}')
    assert tree.call("Register", profile="later", start=True)["persisted"] is True
    assert "quiet_until" in volume.intent("later") and volume.intent("later")["want"] == "up"


def test_a_newer_major_version_is_left_as_it_is(boot, volume):
    text = '{"version": 2, "wanted": {"state": "up", "like": [[[[[[[[[["this"]]]]]]]]]]}}'
    for name in ("default", "coder"):
        volume.profile(name, intent=text)
    tree = boot()
    assert states(tree) == {"default": ("held", "up"), "coder": ("held", "up")}
    for name in ("default", "coder"):
        assert NEWER in tree.state(name)["reason"]
    assert [line for line in tree.call("Health")["problems"] if NEWER in line]
    assert f"its record was {NEWER}" in tree.log()
    assert "profile=coder prior_state=None action=registered why=newer_record" in volume.read("logs/container-boot.log")
    found = checks(tree)["intent_store"]
    assert found["verdict"] == "warning" and NEWER in found["detail"] and "default, coder" in found["detail"], found
    # It is run when a person says so; and that the volume does not have it, is said.
    outcome = tree.call("Start", names=["gateway-coder"], wait="up")["outcomes"][0]
    assert outcome["service"]["state"] == "up" and outcome["persisted"] is False and NEWER in outcome["persist_error"], outcome
    tree.kill_broker()
    tree.wait_state("coder", "up")
    assert tree.call("Stop", names=["gateway-coder"], wait="down")["outcomes"][0]["persisted"] is False
    assert volume.read(".svcbroker/intent/coder") == text
    assert "cannot write to the volume" not in tree.log(), "it can"
    again(tree)
    assert states(tree) == {"default": ("held", "up"), "coder": ("held", "up")}
    assert NEWER in {action["profile"]: action for action in tree.call("Reconcile")["actions"]}.get("coder", {}).get("message", NEWER)
    # An unregister is about the whole of it.
    assert tree.call("Unregister", profile="coder")["persisted"] is True
    assert not os.path.exists(f"{volume.path}/.svcbroker/intent/coder")
    wait_until(lambda: tree.call("Register", profile="coder")["persisted"], what="one of its own")
    assert volume.intent("coder") == {"version": 1, "want": "up"}


def spoil(tree, name, change):
    """A state as another broker left it: this one is at rest, and writes none meanwhile."""
    path = tree.path(f"/run/svcbroker/services/gateway-{name}/data/state")
    with open(path) as file:
        state = file.read()
    with open(path + ".new", "w") as file:
        file.write(change(state))
    os.rename(path + ".new", path)
    tree.kill_broker()
    return path


def test_a_state_of_a_newer_minor_version(boot, volume):
    for name in ("coder", "stopped"):
        volume.profile(name, intent={"version": 1, "want": "up" if name == "coder" else "down"})
    tree = boot()
    pid = tree.wait_gateway("coder")
    tree.wait_state("coder", "up")
    path = spoil(tree, "coder", lambda text: text.replace('"version":1,', f'"version":"1.3",{UNKNOWN},').replace('"told":"nothing"', '"told":"a secret"'))
    assert tree.state("coder")["state"] == "up" and tree.status("coder").pid == pid
    for verb, state in (("Restart", "up"), ("Stop", "down"), ("Start", "up")):
        tree.call(verb, names=["gateway-coder"], wait=state)
        with open(path) as file:
            text = file.read()
        assert text.startswith('{"version":"1.3",') and '"quiet_until":[1.50, {"want": "}"}],"Want":null}' in text, text
        tree.kill_broker()
        tree.wait_state("coder", state)
    assert "record cannot be read" not in tree.log() and NEWER not in tree.log()
    with open(tree.path("/run/svcbroker/services/gateway-stopped/data/state")) as file:
        assert file.read().startswith('{"version":1,')


def test_a_state_of_a_newer_major_version(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    tree = boot()
    pid = tree.wait_gateway("coder")
    tree.wait_state("coder", "up")
    spoil(tree, "coder", lambda text: '{"version":"2.1","slots":[]}')
    assert f"its record was {NEWER}" in tree.log()
    tree.wait_state("coder", "up")
    assert tree.status("coder").pid == pid, "what runs goes on"
    assert tree.call("Stop", names=["gateway-coder"], wait="down")["outcomes"][0]["persisted"] is True


SPOILT = {"cut": '{"version":1,"wa', "empty": "", "numbers": '{"version":1,"want":1}', "earlier": '{"version":0,"want":"up"}',
          "bare": '{"want":"up"}', "text": '{"version":"1","want":"up"}', "twice": '{"version":1,"want":"up","want":"down"}',
          "half": b'{"version":1,"want":"up","x":"\xed\xa0\x80"}', "wide": '{"version":1,"want":"up"}'.encode("utf-16"), "nul": b"\0" * 40}


def test_one_kind_of_record_does_not_hide_another(boot, volume):
    """What is newer, what cannot be read, and what has no profile, beside each other: each is told, with its own remedy."""
    for name, text in SPOILT.items():
        volume.profile(name, intent=text)
    volume.profile("later", intent='{"version":"2","want":{}}')
    volume.profile("marked", intent=b'\xef\xbb\xbf{"version":1,\r\n"want":"up"}\r\n')
    volume.write(".svcbroker/intent/gone", '{"version":1,"want":"up"}')
    tree = boot()
    tree.wait_state("marked", "up")
    found = checks(tree)["intent_store"]
    assert found["verdict"] == "warning" and f"{NEWER}: later; and such that cannot be read: " in found["detail"], found
    assert "; and such of profiles that are not found: gone" in found["detail"], found
    assert "run that svcbrokerd again" in found["advice"] and "start or stop each" in found["advice"], found
    for name in SPOILT:
        assert "cannot be read" in tree.state(name)["reason"], name
    assert NEWER in tree.state("later")["reason"]
    for name, text in SPOILT.items():
        with open(f"{volume.path}/.svcbroker/intent/{name}", "rb") as file:
            assert file.read() == (text if isinstance(text, bytes) else text.encode()), "until somebody orders"
    assert tree.call("Stop", names=[f"gateway-{name}" for name in SPOILT], wait="down")
    assert all(volume.intent(name)["want"] == "down" for name in SPOILT)
    assert "cannot be read" not in checks(tree)["intent_store"]["detail"]
