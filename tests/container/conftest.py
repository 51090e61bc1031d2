"""Fixtures of the tests of the image. S6_OVERLAY_DIST: a directory of s6-overlay's release tarballs, instead of the double."""

import os

import pytest

import images
from engine import HERE, Container


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
    """An image that has the application, or rather its double, where it belongs."""
    return images.containerfile("application", f"FROM {base}\nCOPY hermes /opt/hermes/.venv/bin/hermes\n", f"{HERE}/application")


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
