# SPDX-License-Identifier: ISC
"""python3 -m svcbroker metrics: over HTTP, as hermes, for a Prometheus; and the usage of a service in Python."""

import json

import pytest

from test_python import INSTALLED
from test_usage import status

openmetrics = pytest.importorskip("prometheus_client.openmetrics.parser")
parsers = pytest.importorskip("prometheus_client.parser")

# Runs inside the tree: the server, and who asks it. Prints one JSON object: what each of the steps in `steps` gave.
SCRIPT = """
import http.client, json, socket, subprocess, sys, time
port = 9464
server = subprocess.Popen([sys.executable, "-B", "-W", "error", "-m", "svcbroker", "metrics", "--listen", f"127.0.0.1:{port}"])

def get(path="/metrics", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
    try:
        connection.request(method, path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.getheader("Content-Type"), reply.read().decode()
    finally:
        connection.close()

until = time.monotonic() + 90
while True:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        break
    except ConnectionRefusedError:
        assert server.poll() is None and time.monotonic() < until
        time.sleep(0.05)
try:
    print(json.dumps(STEPS))
finally:
    server.terminate()
    server.wait()
"""


@pytest.fixture(scope="module")
def tree(module_trees):
    tree = module_trees()
    tree.run("root", "ip", "link", "set", "lo", "up", check=True)
    tree.register("running")
    tree.wait_gateway("running")
    return tree


def python(tree, script, user="hermes"):
    done = tree.run(user, "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-W", "error", "-c", script)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def asked(tree, steps):
    return python(tree, SCRIPT.replace("STEPS", steps))


def calls(text):
    """How often the broker was asked for each method, by what it says itself."""
    return {sample.labels["method"]: sample.value for family in openmetrics.text_string_to_metric_families(text)
            for sample in family.samples if sample.name == "svcbroker_calls_total"}


def test_a_scrape(tree):
    accept = '{"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}'
    (status, kind, text), plain = asked(tree, f"[get(**{accept}), get()]")
    assert status == 200 and kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = {family.name: family for family in openmetrics.text_string_to_metric_families(text)}
    assert families["svcbroker_service_memory_bytes"].samples[0].value > 0
    assert families["svcbroker_service_memory_bytes"].unit == "bytes"
    assert plain[0] == 200 and plain[1] == "text/plain; version=0.0.4; charset=utf-8"
    assert "svcbroker_calls" in {family.name.removesuffix("_total") for family in parsers.text_string_to_metric_families(plain[2])}


def test_a_scrape_is_one_request(tree):
    """What describes the families is asked once, whoever comes how often."""
    accept = '{"Accept": "application/openmetrics-text"}'
    texts = [calls(text) for _, _, text in asked(tree, f"[get(**{accept}) for _ in range(4)]")]
    for before, after in zip(texts[1:], texts[2:]):
        grown = {method: after[method] - before[method] for method in after if after[method] != before.get(method, 0)}
        assert grown == {"io.systemd.Metrics.List": 1}


def test_it_is_what_svcctl_prints(tree):
    """The same names and labels, by two programs of one set of rules."""
    (_, _, text), = asked(tree, '[get(Accept="application/openmetrics-text")]')

    def shape(text):
        return {(family.name, family.type, family.unit, family.documentation, sample.name, tuple(sorted(sample.labels)))
                for family in openmetrics.text_string_to_metric_families(text) for sample in family.samples}
    printed = tree.run("hermes", "svcctl", "metrics", check=True).stdout
    assert {entry for entry in shape(text) if "refusals" not in entry[0]} == {entry for entry in shape(printed) if "refusals" not in entry[0]}


def test_nothing_else_is_there(tree):
    replies = asked(tree, '[get("/"), get("/metrics/"), get("/metrics?x=1"), get("/../etc/passwd"), get(method="POST"), get(method="DELETE")]')
    assert [status for status, _, _ in replies] == [404, 404, 200, 404, 501, 501]
    assert all("root:" not in text for _, _, text in replies)


def test_connections_that_say_nothing(tree):
    """Each has its time, and as many as there are threads at once: a scrape comes through."""
    slow = '[socket.create_connection(("127.0.0.1", port)) for _ in range(30)]'
    (status, _, _), = asked(tree, f"(lambda kept: [get()])({slow})")
    assert status == 200


def test_without_a_broker(tree):
    done = tree.run("hermes", "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-m", "svcbroker", "metrics", "--socket", "/run/nothing",
                    "--timeout", "1")
    assert done.returncode == 69 and done.stdout == "" and "Traceback" not in done.stderr
    script = SCRIPT.replace('"metrics", ', '"metrics", "--socket", "/run/nothing", "--timeout", "0.5", ').replace("STEPS", "[get()]")
    (status, _, text), = python(tree, script)
    assert status == 503 and "the broker does not answer" in text


@pytest.mark.parametrize("listen", ["9464", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"])
def test_an_address_that_is_none(tree, listen):
    done = tree.run("hermes", "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-m", "svcbroker", "metrics", "--listen", listen)
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stdout == ""


@pytest.mark.parametrize("words", [("--timeout", "0"), ("--timeout", "nan"), ("--timeout", "inf"), ("--timeout", "-1"), ("--socket", "")])
def test_options_that_mean_nothing(tree, words):
    """Are a mistake in use, as they are of every call."""
    for beginning in (("metrics",), ("List",)):
        done = tree.run("hermes", "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-m", "svcbroker", *beginning, *words)
        assert done.returncode == 2 and "Traceback" not in done.stderr and done.stdout == "", done


def test_an_address_that_cannot_be_had(tree):
    done = tree.run("hermes", "env", f"PYTHONPATH={INSTALLED}", "python3", "-B", "-m", "svcbroker", "metrics", "--listen", "nowhere.invalid:9464")
    assert done.returncode == 1 and done.stderr.startswith("svcbroker: metrics: ") and "Errno" not in done.stderr
    assert done.stderr.endswith(": give an address of this machine, and a port that is free\n")


def test_usage_in_python(tree):
    script = """
import dataclasses, json, svcbroker, svcbroker.usage
with svcbroker.Client() as client:
    one = svcbroker.usage.of(client.status("gateway-running").pid)
print(json.dumps([dataclasses.asdict(one), svcbroker.usage.of(None), dataclasses.asdict(svcbroker.usage.of(2 ** 30))]))
"""
    one, none, unknown = python(tree, script)
    other = status(tree, "gateway-running")["usage"]
    assert none is None and set(unknown.values()) == {None}
    assert one["processes"] == other["processes"] and one["threads"] == other["threads"] and one["files"] == other["files"]
    assert abs(one["memory_bytes"] - other["memory_bytes"]) < 1024 * 1024
