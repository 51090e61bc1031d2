# SPDX-License-Identifier: ISC
"""A gateway that ends with success, though it is wanted: neither a crash nor, by itself, a stop."""

import json

from test_boot import again, wait_states
from test_crash import runs
from tree import SLOW_TO_SETTLE, wait_until


def test_an_exit_0_is_started_again_after_a_while(boot, volume):
    volume.profile("coder")
    tree = boot(*SLOW_TO_SETTLE, "--backoff-first-msec", "400")
    tree.register("coder", "exit:0")
    tree.call("Start", names=["gateway-coder"])
    tree.wait_log("backoff: service=gateway-coder code=0 signal=0 attempt=4 ", 60)
    service = tree.wait_state("coder", "backoff")
    assert service["want"] == "up" and "exit code 0" in service["reason"] and "by itself" in service["reason"]
    assert service["next_start_usec"], "it is not silent for good"
    # Between two runs it is so; another may begin meanwhile, and what one printed may be on its way.
    wait_until(lambda: runs(tree, "coder") == tree.log().count("backoff: service=gateway-coder code=0 "), what="no bursts: a run for each attempt")
    said = tree.run("hermes", "svcctl", "why", "coder").stdout
    assert "svcctl stop gateway-coder" in said and "exit 0" in said
    # Nothing is recorded of it.
    assert volume.intent("coder")["want"] == "up"


def test_one_that_lived_for_long_is_back_at_once(boot, volume):
    tree = boot("--settle-msec", "200", "--backoff-first-msec", "300", "--backoff-healthy-msec", "500")
    volume.profile("coder")
    tree.register("coder", "exit:0:0.9")
    wait_until(lambda: tree.log().count("backoff: service=gateway-coder code=0 signal=0 attempt=1 ") >= 3, 60, "three healthy lives")


def test_a_stop_that_the_application_noted_is_one(boot, volume):
    """desired_state turned to stopped while it ran, and it ended with 0: that is a person's word, and stays."""
    volume.profile("coder", {"gateway_state": "running", "desired_state": "running"})
    tree = boot("--settle-msec", "200", "--backoff-first-msec", "1500")
    tree.register("coder", "says-running,says-stopped:2")
    tree.call("Restart", names=["gateway-coder"])
    tree.wait_log("stopped by its own means: service=gateway-coder", 30)
    service = tree.wait_state("coder", "down")
    assert service["want"] == "down" and "desired_state" in service["note"], service
    assert "desired_state" in tree.run("hermes", "svcctl", "why", "coder").stdout
    assert tree.call("Health")["healthy"] is True
    wait_until(lambda: volume.intent("coder")["want"] == "down", what="it is recorded")
    tree.kill_broker()
    assert tree.state("coder")["note"] == service["note"]
    again(tree)
    wait_states(tree, coder="down", default="down")
    assert tree.call("Start", names=["gateway-coder"])["outcomes"][0]["service"].get("note") is None


def test_an_old_note_stops_nothing(boot, volume):
    """It said so before this run began, and a person started it since."""
    volume.profile("coder", {"gateway_state": "stopped", "desired_state": "stopped"})
    tree = boot("--settle-msec", "200", "--backoff-first-msec", "300")
    tree.register("coder", "exit:0:1")
    tree.call("Start", names=["gateway-coder"])
    tree.wait_log("backoff: service=gateway-coder code=0 signal=0 attempt=2 ", 60)
    assert tree.state("coder")["want"] == "up"


def test_how_the_last_container_ended(boot, volume):
    """container-boot.log has it for every profile, as the application's own boot has; and why tells of who was killed."""
    lifecycle = {"killed": {"phase": "running", "pid": 7}, "clean": {"phase": "exited", "exit_code": 0}, "odd": {"phase": "x"},
                 "broken": None, "marked": {"phase": "running"}, "none": None}
    for name, content in lifecycle.items():
        volume.profile(name, intent={"version": 1, "want": "up"})
        if content:
            volume.write(f"profiles/{name}/state/gateway.lifecycle.json", json.dumps(content))
    volume.write("profiles/broken/state/gateway.lifecycle.json", '{"phase": "running"')
    volume.write("profiles/marked/state/gateway.lifecycle.json", b'\xef\xbb\xbf{"phase": "running", "load": NaN}')
    volume.write("state/gateway.lifecycle.json", json.dumps({"phase": "running"}))
    tree = boot()
    lines = {line.split(" profile=")[1].split()[0]: line.rsplit(" prior_exit=")[1] for line in volume.boot_text().splitlines()}
    assert lines == {"default": "unclean", "killed": "unclean", "clean": "clean", "odd": "unknown", "broken": "unknown",
                     "marked": "unclean", "none": "unknown"}
    tree.wait_state("killed", "up")
    assert "did not end cleanly" in tree.state("killed")["note"] and tree.state("clean").get("note") is None
    assert "did not end cleanly" in tree.run("hermes", "svcctl", "why", "killed").stdout
    assert tree.call("Health")["healthy"] is True
    tree.call("Restart", names=["gateway-killed"], wait="up")
    assert tree.state("killed").get("note") is None, "the run after it is another one"
