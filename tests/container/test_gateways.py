# SPDX-License-Identifier: ISC
"""Gateways in a container: boot, orders as the client user, restarts of the container, its end."""

import json
import re

import pytest


import images
from engine import HERE, podman, until

PROFILES = ("coder", "writer")


def make_profiles(container, *names):
    container.shell("".join(f"mkdir -p profiles/{name} && echo soul >profiles/{name}/SOUL.md; " for name in names))


def until_up(container, *names):
    for name in names:
        until(lambda: container.service(f"gateway-{name}")["state"] == "up", f"{name} is up")


def states(container):
    return {service["name"]: service["state"] for service in json.loads(container.svcctl("--json", "list").stdout)["services"]
            if service["kind"] == "gateway"}


@pytest.fixture
def two(start):
    """A container with two profiles, both registered and up."""
    container = start(VALUE="from outside")
    make_profiles(container, *PROFILES)
    for name in PROFILES:
        container.svcctl("start", name)
    return container


def test_orders_as_hermes(start):
    container = start()
    make_profiles(container, "coder")
    assert container.svcctl("register", "coder", "--no-start").returncode == 0
    assert container.service("gateway-coder")["state"] == "down"
    container.svcctl("start", "coder")
    pid = container.service("gateway-coder")["pid"]
    container.svcctl("restart", "coder")
    assert container.service("gateway-coder")["pid"] != pid
    container.svcctl("stop", "coder")
    assert container.service("gateway-coder")["state"] == "down"
    container.svcctl("unregister", "coder")
    assert container.svcctl("status", "coder", check=False).returncode == 4
    assert container.shell("ls /run/service").stdout.count("coder") == 0


def test_gateway_s_environment(two):
    assert two.shell("cat value.coder").stdout == "[from outside]"
    environment = dict(line.split("=", 1) for line in
                       two.shell("tr '\\0' '\\n' </proc/$(cat pid.coder)/environ").stdout.splitlines())
    assert environment["HERMES_HOME"] == environment["HOME"] == "/opt/data"
    assert environment["PATH"].startswith("/opt/hermes/.venv/bin:")


def test_output_is_in_the_container_s_log_and_in_its_directory(two):
    line = "hermes gateway run --replace profile=coder uid=10000 cwd=/opt/data"
    until(lambda: line in two.logs(), "the container's log has it")
    assert re.search(rf"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+  {line}", two.shell("cat logs/gateways/coder/current").stdout, re.MULTILINE)
    until(lambda: "main: ready" in two.logs(), "the broker's own is in it")
    assert "main: ready" in two.shell("cat /var/log/svcbrokerd/current").stdout


def test_a_restart_of_the_container_is_invisible(two):
    two.svcctl("stop", "writer")
    two.restart().until_ready()
    until_up(two, "coder")
    assert states(two) == {"gateway-default": "down", "gateway-coder": "up", "gateway-writer": "down"}
    assert two.service("gateway-coder")["restarts"] == 0
    notes = two.shell("cat notes").stdout.splitlines()
    assert notes.count("coder began") == 2 and notes.count("coder ended by TERM") == 1 and notes.count("writer began") == 1
    assert two.svcctl("health").returncode == 0


def test_another_container_on_the_same_volume(start, tmp_path):
    """The volume alone has what was wanted."""
    tmp_path.chmod(0o777)
    volume = ("--volume", f"{tmp_path}:/opt/data")
    first = start(options=volume)
    make_profiles(first, *PROFILES)
    first.svcctl("start", *PROFILES)
    first.svcctl("stop", "writer")
    first.remove()
    second = start(options=volume)
    until_up(second, "coder")
    assert states(second) == {"gateway-default": "down", "gateway-coder": "up", "gateway-writer": "down"}


def test_two_containers_at_once_on_one_volume(start, tmp_path):
    tmp_path.chmod(0o777)
    volume = ("--volume", f"{tmp_path}:/opt/data")
    first = start(options=volume)
    make_profiles(first, "coder")
    first.svcctl("start", "coder")
    second = start(options=volume)
    until(lambda: second.service("gateway-coder")["state"] == "held", "the second holds it")
    first.stop()
    until_up(second, "coder")


def test_a_start_in_the_second_container(start, image, tmp_path):
    """s6-overlay's s6 calls a busy lock by other words than Debian's: no second gateway comes of that."""
    text = f"""
        FROM {image}
        RUN mv /command/s6-setlock /command/s6-setlock.real \\
            && printf '%s\\n' '#!/bin/sh' 'case $* in *" /bin/true") ;; *) exec /command/s6-setlock.real "$@" ;; esac' \\
                '/command/s6-setlock.real "$@" 2>/dev/null' 'code=$?' \\
                '[ $code = 0 ] || echo "s6-setlock: fatal: unable to lock $2: Resource busy" >&2' 'exit $code' >/command/s6-setlock \\
            && chmod 755 /command/s6-setlock
    """
    of = images.containerfile("musl-words", text, HERE)
    tmp_path.chmod(0o777)
    volume = ("--volume", f"{tmp_path}:/opt/data")
    first = start(options=volume, of=of)
    make_profiles(first, "coder")
    first.svcctl("start", "coder")
    second = start(options=volume, of=of)
    assert second.svcctl("start", "coder", check=False).returncode == 7
    until(lambda: second.service("gateway-coder")["state"] == "held", "the second holds it")
    assert first.shell("cat notes").stdout.splitlines().count("coder began") == 1
    assert "started without its lock" not in second.logs()


def test_the_container_s_end(two):
    """Each gateway gets its SIGTERM, nothing is killed, and none of it is taken for a stop."""
    two.svcctl("stop", "writer")
    assert two.stop(grace_sec=60) != 137
    intent = podman("cp", f"{two.id}:/opt/data/.svcbroker/intent/coder", "-").stdout
    assert '"want":"up"' in intent.replace(" ", "")
    assert "coder ended by TERM" in podman("cp", f"{two.id}:/opt/data/notes", "-").stdout


def test_a_gateway_that_drains_has_its_time(two):
    two.shell("touch slow-drain")
    two.svcctl("restart", "coder", check=False)
    assert two.stop(grace_sec=20) != 137
    assert "coder drained" in podman("cp", f"{two.id}:/opt/data/notes", "-").stdout


def test_the_broker_s_restart_leaves_gateways_alone(two):
    pid = two.service("gateway-coder")["pid"]
    two.exec("/command/s6-svc", "-k", "/run/service/svcbrokerd", user="root")
    until(lambda: two.svcctl("status", "coder", check=False).returncode == 0, "it is back")
    assert two.service("gateway-coder")["pid"] == pid


def test_a_zombie_is_reaped(start):
    container = start()
    container.shell("touch zombie")
    container.svcctl("start", "default")
    orphan = until(lambda: re.search(r"orphan (\d+)", container.shell("cat logs/gateways/default/current").stdout), "an orphan")
    until(lambda: container.shell(f"test ! -e /proc/{orphan[1]}", check=False).returncode == 0, "it is gone from the process table")


def test_health_for_probes(start):
    container = start()
    assert container.svcctl("health", user="root").returncode == 0
    container.shell("touch broken")
    container.svcctl("start", "default", "--no-wait")
    until(lambda: container.svcctl("health", user="root", check=False).returncode == 1, "health tells of a gateway that keeps ending")


def test_multiplexing(start):
    container = start(GATEWAY_MULTIPLEX_PROFILES="true", ready=False)
    container.until_ready()
    make_profiles(container, "coder")
    container.svcctl("reconcile")
    assert container.svcctl("start", "coder", check=False).returncode == 7
    assert container.service("gateway-coder")["state"] in ("held", "down")


@pytest.mark.parametrize("name,value", [("HERMES_DASHBOARD", "1"), ("HERMES_DASHBOARD", "true")])
def test_dashboard_on(start, name, value):
    container = start(**{name: value})
    until(lambda: container.service("dashboard")["state"] == "up", "the dashboard is up")
    line = "hermes dashboard --host 127.0.0.1 --port 9119 --no-open profile=default uid=10000 cwd=/opt/data"
    until(lambda: line in container.logs(), "it runs")


def test_dashboard_off(start):
    container = start()
    until(lambda: container.service("dashboard")["state"] == "down", "its one run has ended")
    assert "hermes dashboard" not in container.logs()
    assert container.svcctl("health").returncode == 0


def test_dashboard_misconfigured_stays_down(start, tmp_path):
    tmp_path.chmod(0o777)
    (tmp_path / "misconfigured").touch()
    container = start(options=("--volume", f"{tmp_path}:/opt/data"), HERMES_DASHBOARD="yes")
    until(lambda: container.service("dashboard")["state"] == "failed", "it stays down")
    until(lambda: "dashboard: configuration error" in container.logs(), "and says why")
    assert container.logs().count("dashboard: not configured") == 1


def test_dashboard_container_has_no_gateways(start):
    container = start("dashboard", "--host", "0.0.0.0")
    assert states(container) == {}
    until(lambda: "hermes dashboard --host 0.0.0.0 profile=default uid=10000" in container.logs(), "the command, behind the services")


def test_options_of_the_broker(start, image):
    """A file in an image of one's own."""
    text = f"""
        FROM {image}
        RUN mkdir /etc/s6-overlay/s6-rc.d/svcbrokerd/data \\
            && printf '%s\\n' --settle-msec 4321 >/etc/s6-overlay/s6-rc.d/svcbrokerd/data/options
    """
    container = start(of=images.containerfile("options", text, HERE))
    pid = container.service("svcbrokerd")["pid"]
    assert "--settle-msec\0004321\0" in container.exec("cat", f"/proc/{pid}/cmdline", user="root").stdout


def test_unmodified_application_asks_the_broker(start):
    """Its own class would need s6's FIFOs, which hermes may not open."""
    container = start()
    container.shell("mkdir -p profiles/coder && echo soul >profiles/coder/SOUL.md")
    container.exec("/opt/hermes/.venv/bin/python3", "-c", """if True:
        from hermes_cli.service_manager import S6ServiceManager
        manager = S6ServiceManager()
        manager.register_profile_gateway("coder", start_now=False)
        assert (manager.scandir / "gateway-coder").is_dir()
        manager.start("gateway-coder")
        assert manager.is_running("main-hermes") and "coder" in manager.list_profile_gateways()
        import importlib.metadata, svcbroker
        assert importlib.metadata.version("svcbroker") == svcbroker.__version__
    """)
    assert container.shell("ls /usr/local/share/svcbroker/*.whl").stdout.endswith("-py3-none-any.whl\n")
    until(lambda: container.service("gateway-coder")["state"] == "up", "it is up")
    assert container.shell("ls /opt/hermes/.venv/lib/python3*/site-packages/__pycache__").stdout.startswith("svcbroker_hermes.")
