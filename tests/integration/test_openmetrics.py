# SPDX-License-Identifier: ISC
"""svcctl metrics: the text, as others' parsers read it."""

import json
import re
import shutil
import subprocess

import pytest

from test_metrics import described, metrics
from tree import TOP, wait_until

parsers = pytest.importorskip("prometheus_client.parser")
openmetrics = pytest.importorskip("prometheus_client.openmetrics.parser")
MEDIUM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@pytest.fixture(scope="module")
def tree(module_trees):
    tree = module_trees()
    tree.register("running")
    tree.register("stopped", start=False)
    tree.wait_gateway("running")
    return tree


def samples(families):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def name_of(family, types):
    """Of the family's samples in the text. types: by the names of all families."""
    name = "svcbroker_" + MEDIUM.sub("_", family).lower()
    if family.endswith("Bucket"):
        return name
    if f"{family}Bucket" in types:
        return f"{name}_sum"
    return name + ("_total" if types[family] == "counter" else "")


def text_of(tree, *options):
    return tree.run("hermes", "svcctl", "metrics", *options, check=True).stdout


def test_openmetrics(tree):
    text = text_of(tree)
    families = list(openmetrics.text_string_to_metric_families(text))
    assert text.endswith("# EOF\n")
    for family in families:
        kinds = ("histogram",) if family.name == "svcbroker_call_seconds" else ("counter", "gauge")
        assert family.documentation and family.type in kinds and family.samples, family
        for unit in ("seconds", "bytes"):
            assert (family.unit == unit) == family.name.endswith(f"_{unit}"), family
    found = samples(families)
    assert found["svcbroker_service_state", (("service", "gateway-stopped"), ("state", "down"))] == 1
    assert found["svcbroker_service_wanted", (("service", "gateway-running"),)] == 1
    assert found["svcbroker_service_memory_bytes", (("service", "gateway-running"),)] > 1024 * 1024
    assert found["svcbroker_service_processor_seconds_total", (("service", "gateway-running"),)] >= 0
    assert found["svcbroker_service_open_files", (("service", "gateway-running"),)] >= 3
    assert found["svcbroker_calls_total", (("method", "io.systemd.Metrics.List"),)] >= 1
    assert ("svcbroker_service_memory_bytes", (("service", "gateway-stopped"),)) not in found
    registered = (("method", "io.svcbroker.Register"),)
    assert found["svcbroker_call_seconds_count", registered] == found["svcbroker_call_seconds_bucket", (("le", "+Inf"), *registered)] >= 2
    assert found["svcbroker_call_seconds_sum", registered] > found["svcbroker_call_seconds_bucket", (("le", "0.0001"), *registered)] == 0


def test_every_metric_of_the_broker_is_there(tree):
    """The text leaves nothing out, whatever family it is of: a newer broker's comes through by the same rules."""
    told = metrics(tree)  # first: a thread looks at the volume's room, which is told from then on
    names = {sample[0] for sample in samples(openmetrics.text_string_to_metric_families(text_of(tree)))}
    types = {family["name"].removeprefix("io.svcbroker."): family["type"] for family in described(tree)}
    for family in told:
        assert name_of(family, types) in names, family


def test_the_older_format(tree):
    text = text_of(tree, "--prometheus")
    found = samples(parsers.text_string_to_metric_families(text))
    assert found["svcbroker_service_state", (("service", "gateway-stopped"), ("state", "down"))] == 1
    assert found["svcbroker_calls_total", (("method", "io.systemd.Metrics.List"),)] >= 1


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_promtool(tree):
    """It takes the text, and has nothing to say against the names."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text_of(tree, "--prometheus"), capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_json(tree):
    document = json.loads(text_of(tree, "--json"))
    described_names = [family["name"] for family in document["families"]]
    assert {metric["name"] for metric in document["metrics"]} <= set(described_names)
    assert "io.svcbroker.ServiceMemoryBytes" in described_names


def test_a_stopped_broker_is_told(tree):
    """As of every verb: no half of a text."""
    done = tree.run("hermes", "svcctl", "--socket", "/run/nothing", "metrics")
    assert done.returncode == 69 and done.stdout == "" and done.stderr


def test_of_a_gateway_that_goes(tree, profile):
    tree.register(profile)
    tree.wait_gateway(profile)
    tree.unregister(profile)
    wait_until(lambda: f"gateway-{profile}" not in text_of(tree), what="its metrics are gone")


# What docs/metrics.md comes with

NAMES = re.compile(r"\bsvcbroker_[a-z_]+\b")
EXAMPLES = f"{TOP}/docs/examples"
ALERTS = f"{TOP}/tests/integration/alerts.yml"


def named(tree):
    """Every name that there may be, whether there is such a figure now or not."""
    families = json.loads(text_of(tree, "--json"))["families"]
    types = {family["name"].removeprefix("io.svcbroker."): family["type"] for family in families}
    return {name_of(family, types) for family in types} | \
        {"svcbroker_call_seconds", "svcbroker_call_seconds_count", "svcbroker_container_memory_bytes", "svcbroker_container_memory_limit_bytes"}


@pytest.mark.parametrize("page", ["docs/metrics.md", "docs/examples/prometheus-rules.yml", "docs/examples/grafana-dashboard.json", "man/svcctl.1"])
def test_pages_name_what_there_is(tree, page):
    with open(f"{TOP}/{page}") as file:
        found = set(NAMES.findall(file.read()))
    assert found and found <= named(tree), found - named(tree)


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_the_rules():
    done = subprocess.run(["promtool", "check", "rules", f"{EXAMPLES}/prometheus-rules.yml"], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0 and "4 rules found" in done.stdout, done


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_what_the_alerts_say():
    done = subprocess.run(["promtool", "test", "rules", ALERTS], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done


def test_the_alerts_are_tried_with_what_is_told(tree, profile):
    """Names and labels of the series in their tests; those that a Prometheus adds are none of ours."""
    with open(ALERTS) as file:
        series = re.findall(r"series: (svcbroker_\w+){(.*)}", file.read())
    tried = {(name, tuple(sorted(set(re.findall(r'(\w+)=', labels)) - {"job", "instance"}))) for name, labels in series}
    tree.register(profile, "exit:78")
    wait_until(lambda: "svcbroker_service_problem" in text_of(tree), what="it has a problem")
    told = {(name, tuple(label for label, _ in labels)) for name, labels in samples(openmetrics.text_string_to_metric_families(text_of(tree)))}
    # Where this machine's cgroup has no limit, there are none of these.
    told |= {("svcbroker_container_memory_bytes", ()), ("svcbroker_container_memory_limit_bytes", ())}
    assert tried and tried <= told, tried - told


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_the_configuration_of_a_prometheus(tmp_path):
    """As the page has it."""
    with open(f"{TOP}/docs/metrics.md") as file:
        (block,) = re.findall(r"^```yaml\n(scrape_configs:\n.*?)^```", file.read(), re.M | re.S)
    (tmp_path / "prometheus.yml").write_text(f"{block}rule_files: [{EXAMPLES}/prometheus-rules.yml]\n")
    done = subprocess.run(["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0 and "4 rules found" in done.stdout, done


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_the_dashboard_asks_what_can_be_asked(tmp_path):
    """Each of its queries is PromQL: as the expression of a rule, with a value for Grafana's variables."""
    with open(f"{EXAMPLES}/grafana-dashboard.json") as file:
        queries = [target["expr"] for panel in json.load(file)["panels"] for target in panel["targets"]]
    rules = [{"record": f"query:{number}", "expr": query.replace("$instance", ".*")} for number, query in enumerate(queries)]
    (tmp_path / "queries.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", tmp_path / "queries.yml"], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0 and f"{len(queries)} rules found" in done.stdout, done


def test_the_dashboard():
    with open(f"{EXAMPLES}/grafana-dashboard.json") as file:
        dashboard = json.load(file)
    assert dashboard["title"] and dashboard["schemaVersion"] and dashboard["templating"]["list"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) >= 6
    for panel in dashboard["panels"]:
        assert panel["title"] and panel["targets"] and {"h", "w", "x", "y"} == set(panel["gridPos"]), panel
        for target in panel["targets"]:
            assert target["expr"].count("(") == target["expr"].count(")") and target["refId"], target
