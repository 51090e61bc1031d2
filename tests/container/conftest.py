# SPDX-License-Identifier: ISC
"""Fixtures of the tests of the image. S6_OVERLAY_DIST: a directory of s6-overlay's release tarballs, instead of the double."""

import os
import pathlib
import tempfile

import pytest

import images
from engine import TOP, Container


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the tests of the image run containers: run them as root", 2)


@pytest.fixture(scope="session")
def base():
    return images.base()


@pytest.fixture(scope="session")
def dist(tmp_path_factory):
    return images.overlay(str(tmp_path_factory.mktemp("overlay")))


@pytest.fixture(scope="session")
def broker_image(base):
    return images.build("broker", "broker")


@pytest.fixture(scope="session")
def plain_image(base, dist):
    """The whole system on a plain Debian: without the application."""
    return images.build_hermes("plain", base, dist)


@pytest.fixture(scope="session")
def application(base):
    """An image that has the application, or rather its doubles, where it belongs: a command, and modules of a Python of its own."""
    text = f"""
        FROM {base}
        RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
        RUN mkdir -p /opt/hermes/.venv/bin && cd /opt/hermes/.venv && ln -s /usr/bin/python3 bin/python3 \\
            && echo 'home = /usr/bin' >pyvenv.cfg && mkdir -p "$(bin/python3 -c 'import site; print(site.getsitepackages()[0])')"
        COPY container/application/hermes /opt/hermes/.venv/bin/hermes
        COPY python/hermes_stand_in /stand-in
        RUN cp -R /stand-in/. "$(/opt/hermes/.venv/bin/python3 -c 'import site; print(site.getsitepackages()[0])')"
    """
    return images.containerfile("application", text, f"{TOP}/tests")


@pytest.fixture(scope="session")
def image(application, dist):
    """The whole system on the application's image."""
    return images.build_hermes("hermes", application, dist)


@pytest.fixture
def start(image):
    """start(*command, options=(), **environment): a container with the broker ready in it; ends with the test."""
    containers = []

    def start_one(*command, of=image, options=(), ready=True, **environment):
        containers.append(Container(of, *(command or ("sleep", "infinity")), options=options, **environment))
        return containers[-1].until_ready() if ready else containers[-1]

    yield start_one
    for container in containers:
        container.remove()


@pytest.fixture
def open_place():
    """A directory that everybody can enter. Pytest's own cannot be one: whatever other pytest begins shuts it again."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)
