# SPDX-License-Identifier: ISC
"""A profile that the default gateway serves (multiplexing) is well: wherever somebody looks, and whatever is ordered."""

import json

import pytest

from tree import BROKER

INSTALLED = "/usr/local/share/svcbroker/python"
ALARMS = ("attention", "end what holds", "End what holds")


@pytest.fixture
def served(boot, volume):
    """coder is wanted, and its gateway is not to run."""
    volume.profile("coder", intent={"version": 1, "want": "up"})
    volume.profile("default", intent={"version": 1, "want": "up"})
    tree = boot("--multiplex")
    tree.wait_state("coder", "held")
    tree.wait_state("default", "up")
    return tree


def svcctl(tree, *words, user="hermes"):
    done = tree.run(user, "svcctl", *words)
    for alarm in ALARMS:
        assert alarm not in done.stdout + done.stderr, f"{words}: {done.stdout}{done.stderr}"
    return done


def test_programs_see_it_in_a_field(served):
    assert served.state("coder")["cause"] == "served"
    assert "cause" not in served.state("default")
    outcome = served.call("Start", names=["gateway-coder", "gateway-default"])["outcomes"][0]
    assert (outcome["error"], outcome["error_parameters"]["cause"]) == ("io.svcbroker.Held", "served")


def test_it_is_no_problem(served):
    health = served.call("Health")
    assert health["healthy"], health
    assert svcctl(served, "health").returncode == 0
    doctor = served.call("Diagnose")["checks"]
    assert [check for check in doctor if check["name"] == "multiplex"][0]["verdict"] == "ok"
    assert not [check for check in doctor if check["verdict"] != "ok" and "coder" in check["detail"]]


def test_people_see_words_of_its_own(served):
    for words in (("list",), ("status",), ("status", "coder"), ("why", "coder")):
        done = svcctl(served, *words)
        assert (done.returncode, "served" in done.stdout) == (0, True), f"{words}: {done.stdout}"
    assert "held" not in svcctl(served, "list").stdout
    why = svcctl(served, "why", "coder").stdout
    assert "default gateway" in why and "Nothing is wrong" in why


def test_orders_say_what_serves_it(served):
    for verb in ("start", "restart"):
        done = svcctl(served, verb, "coder")
        assert done.returncode == 7
        assert "gateway-default" in done.stderr and "nothing need be done" in done.stderr, done.stderr


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_all_are_those_that_have_a_gateway_of_their_own(served, verb):
    done = svcctl(served, verb, "--all", "--timeout", "60s")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "gateway-default  up" in done.stdout
    assert served.state("coder")["state"] == "held"


def test_a_reset_leaves_it_served(served):
    assert svcctl(served, "reset", "coder").returncode == 0
    assert served.state("coder").get("cause") == "served"
    assert "default gateway" in served.state("coder")["reason"]


def test_a_stop_says_that_it_is_served_all_the_same(served):
    done = svcctl(served, "stop", "coder")
    assert done.returncode == 0
    assert "the default gateway serves" in done.stdout + done.stderr


def test_what_serves_it_is_stopped(served):
    """A person's choice, and so no problem; but said."""
    served.call("Stop", names=["gateway-default"], wait="down")
    check = [check for check in served.call("Diagnose")["checks"] if check["name"] == "multiplex"][0]
    assert check["verdict"] == "warning" and "start" in check["advice"], check


def test_the_python_client(served):
    code = """if True:
        import svcbroker
        with svcbroker.Client() as broker:
            service = broker.status("gateway-coder")
            assert service.served and service.cause == "served" and not service.running
            assert not broker.status("gateway-default").served
            try:
                broker.start("gateway-coder")
            except svcbroker.Held as error:
                assert error.cause == "served", error.parameters
            else:
                raise AssertionError("started")
    """
    done = served.run("hermes", "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-c", code)
    assert done.returncode == 0, done.stderr


def test_no_longer_served(served):
    """The option is gone at the broker's next start: what is wanted runs."""
    assert served.state("coder")["cause"] == "served"
    served.stop_broker()
    options = served.path(f"{BROKER}/data/options")
    with open(options) as file:
        text = file.read()
    assert "--multiplex\n" in text
    with open(options, "w") as file:
        file.write(text.replace("--multiplex\n", ""))
    served.start_broker()
    served.wait_state("coder", "up")
    assert "cause" not in served.state("coder")


def test_json_of_why(served):
    document = json.loads(svcctl(served, "why", "coder", "--json").stdout)
    assert document["service"]["cause"] == "served" and "default gateway" in document["happened"]
