# SPDX-License-Identifier: ISC
"""Fixtures. SVCBROKER_BUILD chooses the build directory (build), SVCBROKER_STAGED=1 says that it is staged already. SVCBROKER_S6 is
the directory of another s6 than this machine's (what s6-root or musl-root prints), SVCBROKER_SH a program to be /bin/sh."""

import ctypes
import itertools
import os
import shutil
import subprocess

import pytest

import idl
from tree import TOP, Tree
from volume import Volume

BUILD = os.environ.get("SVCBROKER_BUILD", "build")
PARTS = {name: os.environ[f"SVCBROKER_{name.upper()}"] for name in ("s6", "sh") if f"SVCBROKER_{name.upper()}" in os.environ}
FAST = ("--settle-msec", "300")


CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the integration tests make namespaces: run them as root", 2)
    # What is mounted here is nobody else's, and goes with this process, however that ends.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None):
        pytest.exit(f"no mount namespace: {os.strerror(ctypes.get_errno())}", 2)


@pytest.fixture(scope="session")
def memory_disk(tmp_path_factory):
    """A directory that is written as fast whatever other processes write: a volume on it answers in the time that the broker gives it."""
    path = tmp_path_factory.mktemp("memory-disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "memory-disk", path], check=True)
    return path


@pytest.fixture(scope="session")
def interface_texts():
    texts = []
    for name in ("io.svcbroker", "io.systemd.Metrics", "org.varlink.service"):
        with open(f"{TOP}/proto/{name}.varlink") as file:
            texts.append(file.read())
    return texts


@pytest.fixture(scope="session")
def staged():
    """The build, installed to where trees take it from."""
    if os.environ.get("SVCBROKER_STAGED") != "1":
        subprocess.run(["bash", "-c", f"ninja -C {BUILD} >&2 && . tools/lib/tree.sh && tree_stage {BUILD}"], cwd=TOP, check=True,
                       stdout=subprocess.DEVNULL)
    return BUILD


@pytest.fixture(scope="session")
def sanitized(staged):
    with open(f"{TOP}/{staged}/stage/usr/local/sbin/svcbrokerd", "rb") as file:
        program = file.read()
    return b"__asan_init" in program or b"__tsan_init" in program


@pytest.fixture(scope="session")
def service(interface_texts):
    return idl.Service(*interface_texts)


@pytest.fixture(scope="module")
def module_trees(staged, service):
    yield from manage_trees(staged, service)


@pytest.fixture
def make_tree(staged, service):
    """make_tree(*options, boot=True, **environment): a tree of the test's own. All end with the test."""
    yield from manage_trees(staged, service)


def manage_trees(staged, service):
    trees = []

    def make(*options, boot=True, fast=True, gateways=False, **environment):
        options = (FAST if fast else ()) + (() if gateways else ("--no-gateways",)) + options
        tree = Tree(staged, service, options, **{**PARTS, **environment})
        trees.append(tree)
        if boot:
            tree.boot()
        return tree

    yield make
    errors = []
    for tree in trees:
        try:
            tree.stop()
        except AssertionError as error:
            errors.append(error)
    if errors:
        raise errors[0]


@pytest.fixture(scope="module")
def tree(module_trees):
    """One tree for the tests of a file, which use names of their own in it."""
    return module_trees()


counter = itertools.count()


@pytest.fixture
def profile(tree):
    """The name of a profile that no other test uses; its gateway is gone afterwards."""
    name = f"p{next(counter)}"
    yield name
    if tree.parent is not None:
        tree.unregister(name)
        tree.assert_absent(name)


@pytest.fixture
def volume(memory_disk):
    path = memory_disk / str(next(counter))
    path.mkdir()
    yield Volume(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def boot(make_tree, volume):
    def make(*options, **environment):
        return make_tree(*options, gateways=True, profiles="", volume=volume.path, **environment)
    return make
