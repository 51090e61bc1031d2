# SPDX-License-Identifier: ISC
"""Hermes itself, where HERMES_SOURCE=DIRECTORY is a checkout of it: an image as its own Dockerfile makes one, from Debian's packages alone, and
ours on that. Nothing of it is stubbed but what Debian does not have."""

import json
import os
import re

import pytest

import images
from engine import podman, run, until
from upstream import SOURCE, upstream_image

pytestmark = pytest.mark.skipif(not SOURCE, reason="HERMES_SOURCE: a checkout of Hermes")


@pytest.fixture(scope="session")
def upstream(base, dist):
    return upstream_image(base, dist[0])


@pytest.fixture(scope="session")
def real(upstream, dist):
    return images.build_hermes("real-hermes", upstream, dist)


@pytest.fixture
def hermes(start, real):
    """One container of it; hermes(word, ...) is its command line, as docker exec has it."""
    container = start("sleep", "infinity", of=real)
    container.hermes = lambda *words, check=True: container.exec("hermes", *words, user="root", check=check)
    return container


def want(container, name):
    return container.service(f"gateway-{name}")["want"]


def test_its_own_image_starts(upstream):
    """So what differs below is ours."""
    result = run(upstream, "version")
    assert result.returncode == 0 and "Hermes" in result.stdout, result.stdout + result.stderr


def test_stdout_is_the_command_s(real):
    result = run(real, "hermes", "version")
    with open(f"{SOURCE}/pyproject.toml", encoding="utf-8") as file:
        version = re.search(r'^version = "([^"]+)"', file.read(), re.MULTILINE)[1]
    assert result.returncode == 0 and version in result.stdout, result.stdout + result.stderr
    assert "main: " not in result.stdout


def test_the_life_of_a_profile(hermes):
    """Its command line, unmodified: create, start, restart, stop, all, delete."""
    hermes.hermes("profile", "create", "coder")
    hermes.hermes("profile", "create", "writer")
    assert want(hermes, "coder") == want(hermes, "writer") == "down"
    hermes.hermes("-p", "coder", "gateway", "start")
    assert want(hermes, "coder") == "up"
    until(lambda: hermes.service("gateway-coder").get("pid"), "it runs")
    hermes.hermes("gateway", "restart", "--all")
    assert (want(hermes, "coder"), want(hermes, "writer")) == ("up", "down")
    hermes.hermes("-p", "coder", "gateway", "stop")
    assert want(hermes, "coder") == "down"
    hermes.hermes("profile", "delete", "writer", "-y")
    assert "writer" not in hermes.svcctl("list").stdout


def test_a_typo(hermes):
    result = hermes.hermes("-p", "nobody", "gateway", "start", check=False)
    assert result.returncode != 0 and "Traceback" not in result.stderr


def test_rename(hermes):
    hermes.hermes("profile", "create", "coder")
    hermes.hermes("-p", "coder", "gateway", "start")
    hermes.hermes("profile", "rename", "coder", "poet")
    until(lambda: hermes.svcctl("reconcile", check=False).returncode == 0, "the old one's gateway has ended")
    until(lambda: "gateway-poet" in hermes.svcctl("list").stdout, "the new name has its slot")
    until(lambda: "coder" not in hermes.svcctl("list").stdout or hermes.service("gateway-coder")["state"] in ("held", "down"), "the old one does not loop")


def test_two_containers_on_one_volume(start, real, tmp_path):
    tmp_path.chmod(0o777)
    options = ("--volume", f"{tmp_path}:/opt/data")
    first = start("sleep", "infinity", of=real, options=options)
    first.exec("hermes", "profile", "create", "coder", user="root")
    first.svcctl("start", "coder", "--no-wait")
    until(lambda: first.service("gateway-coder").get("pid"), "it runs")
    second = start("sleep", "infinity", of=real, options=options)
    until(lambda: second.service("gateway-coder")["state"] == "held", "the second holds it")
    assert second.svcctl("start", "coder", check=False).returncode == 7


def test_another_number_on_the_same_volume(start, real, tmp_path):
    tmp_path.chmod(0o777)
    for number in ("10000", "1234"):
        container = start("sleep", "infinity", of=real, options=("--volume", f"{tmp_path}:/opt/data"), HERMES_UID=number)
        assert container.exec("hermes", "profile", "list", user="root").returncode == 0
        assert os.stat(tmp_path / "logs").st_uid == int(number)
        container.remove()


def test_a_restart_of_the_container(hermes):
    hermes.hermes("profile", "create", "coder")
    hermes.hermes("-p", "coder", "gateway", "start")
    hermes.restart().until_ready()
    assert want(hermes, "coder") == "up"
    states = json.loads(hermes.svcctl("--json", "list").stdout)["services"]
    assert {"gateway-default", "gateway-coder"} <= {service["name"] for service in states}
