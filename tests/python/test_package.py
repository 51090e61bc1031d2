# SPDX-License-Identifier: ISC
"""The wheel: what is in it, that it is always the same, and that it installs without a network and without a trace."""

import base64
import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import svcbroker
from interpreters import INTERPRETERS

TOP = Path(__file__).resolve().parents[2]
PACKAGE = TOP / "client/python"
VERSION = re.search(r"version: '([^']+)'", (TOP / "meson.build").read_text())[1]
WHEEL = f"svcbroker-{VERSION}-py3-none-any.whl"
SDIST = f"svcbroker-{VERSION}.tar.gz"
INFO = f"svcbroker-{VERSION}.dist-info"
HERMES_UID = 10000


def make(directory, *options, interpreter=sys.executable, source=PACKAGE, **environment):
    directory.mkdir(exist_ok=True)
    subprocess.run([interpreter, source / "_wheel.py", *options, directory], check=True, env={**os.environ, **environment})
    return directory / WHEEL


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return make(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def open_place():
    """A directory that everybody can enter. Pytest's own cannot be one: whatever other pytest begins shuts it again."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def source(open_place):
    """The package as meson installs it: root's, and readable."""
    shutil.copytree(PACKAGE, open_place / "python", ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
    return open_place / "python"


def test_what_is_in_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    modules = {f"svcbroker/{path.name}" for path in (PACKAGE / "svcbroker").glob("*.py")}
    assert set(files) == modules | {"svcbroker/py.typed", "svcbroker_hermes.py", "svcbroker-hermes.pth"} | {
        f"{INFO}/{name}" for name in ("LICENSE", "METADATA", "WHEEL", "RECORD")}
    for name in modules | {"svcbroker-hermes.pth", "svcbroker_hermes.py"}:
        assert files[name] == (PACKAGE / name).read_bytes()
    assert files[f"{INFO}/LICENSE"] == (TOP / "LICENSE").read_bytes() == (PACKAGE / "LICENSE").read_bytes()
    rows = list(csv.reader(io.StringIO(files[f"{INFO}/RECORD"].decode())))
    assert [row[0] for row in rows] == list(files)
    for name, digest, size in rows[:-1]:
        assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).decode().rstrip("=")
        assert int(size) == len(files[name])
    assert rows[-1] == [f"{INFO}/RECORD", "", ""]


def test_the_metadata_is_whole(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = Parser().parsestr(archive.read(f"{INFO}/METADATA").decode())
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    assert metadata["Name"] == project["name"] == "svcbroker"
    assert metadata["Version"] == svcbroker.__version__ == VERSION
    assert metadata["Summary"] == project["description"]
    assert metadata["Requires-Python"] == project["requires-python"] == ">=3.9"
    assert metadata["License"] == project["license"]["text"] == "ISC" and metadata["License-File"] == "LICENSE"
    assert metadata.get_payload() == (PACKAGE / "README.md").read_text()
    assert metadata.get_all("Requires-Dist") is None and project["dependencies"] == []


def test_it_is_always_the_same(wheel, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(PACKAGE, other, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
    for path in other.rglob("*"):
        path.chmod(0o700)
        os.utime(path, (1, 1))
    whole = wheel.read_bytes()
    source = make(tmp_path / "source", "--sdist").with_name(SDIST).read_bytes()
    for number, interpreter in enumerate(INTERPRETERS.values()):
        made = make(tmp_path / str(number), "--sdist", interpreter=interpreter, source=other, TZ="Asia/Tokyo", PYTHONHASHSEED=str(number))
        assert made.read_bytes() == whole and made.with_name(SDIST).read_bytes() == source
    dated = [make(tmp_path / f"dated{number}", SOURCE_DATE_EPOCH="1700000000", TZ=zone).read_bytes()
             for number, zone in enumerate(("UTC", "Asia/Tokyo"))]
    assert dated[0] == dated[1] != whole
    with zipfile.ZipFile(io.BytesIO(dated[0])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_the_project_s_version_is_the_package_s(tmp_path):
    make(tmp_path, "--version", VERSION)
    done = subprocess.run([sys.executable, PACKAGE / "_wheel.py", "--version", "9.9", tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and f"__version__ is {VERSION}, and the project's 9.9" in done.stderr


def environment_at(place, interpreter=sys.executable, user=None):
    as_user(user, [interpreter, "-m", "venv", place])
    return place / "bin/python3"


def as_user(user, command, check=True, **options):
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                   "PIP_NO_CACHE_DIR": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, user=user, group=user, cwd="/",
                          extra_groups=None if user is None else [], **options)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


ENABLED = """
import sys
assert "svcbroker_hermes" in sys.modules and "svcbroker" not in sys.modules, "the .pth file is at work"
assert any(type(finder).__module__ == "svcbroker_hermes" for finder in sys.meta_path)
import importlib.metadata, os, svcbroker, svcbroker.aio, svcbroker.hermes
assert svcbroker.__version__ == importlib.metadata.version("svcbroker")
assert os.path.exists(os.path.join(os.path.dirname(svcbroker.__file__), "py.typed"))
print(os.path.dirname(svcbroker.__file__))
"""


@pytest.mark.parametrize("number", INTERPRETERS)
def test_the_wheel_installs(wheel, tmp_path, number):
    python = environment_at(tmp_path / "venv", INTERPRETERS[number])
    as_user(None, [python, "-m", "pip", "install", wheel])
    assert as_user(None, [python, "-c", ENABLED]).stdout.startswith(str(tmp_path))
    as_user(None, [python, "-m", "pip", "check"])
    as_user(None, [python, "-m", "pip", "uninstall", "-y", "svcbroker"])
    assert not list((tmp_path / "venv").glob("lib/python*/site-packages/svcbroker*"))


def test_the_wheel_is_unpacked_where_there_is_no_pip(wheel, tmp_path):
    as_user(None, [sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"])
    python = tmp_path / "venv/bin/python3"
    site, = (tmp_path / "venv").glob("lib/python*/site-packages")
    as_user(None, [python, "-m", "zipfile", "-e", wheel, site])
    as_user(None, [python, "-c", ENABLED])


def listing(directory):
    return sorted((str(path.relative_to(directory)), path.lstat().st_mtime_ns) for path in directory.rglob("*"))


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")


@pytest.mark.parametrize("user", [None, pytest.param(HERMES_UID, marks=needs_root)], ids=["root", "hermes"])
def test_the_source_installs_and_stays_as_it_is(source, open_place, user):
    home = open_place / f"home-{user}"
    home.mkdir()
    if user is not None:
        os.chown(home, user, user)
    before = listing(source)
    python = environment_at(home / "venv", user=user)
    for options in ([], ["--no-build-isolation", "--force-reinstall"], ["--editable"]):
        as_user(user, [python, "-m", "pip", "install", *options, source])
        where = as_user(user, [python, "-B", "-c", ENABLED]).stdout.strip()
        assert where.startswith(str(source if "--editable" in options else home)), options
    assert listing(source) == before


def test_the_source_distribution_installs(source, tmp_path):
    script = "import sys; sys.path.insert(0, sys.argv[1]); import _wheel; print(_wheel.build_sdist(sys.argv[2]))"
    done = as_user(None, [sys.executable, "-B", "-c", script, source, tmp_path])
    archive = tmp_path / done.stdout.strip()
    assert archive.name == SDIST
    subprocess.run(["gzip", "--test", archive], check=True)
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"LICENSE", "svcbroker-hermes.pth", "PKG-INFO", "README.md", "pyproject.toml", "svcbroker/py.typed"} <= names
    python = environment_at(tmp_path / "venv")
    as_user(None, [python, "-m", "pip", "install", archive])
    as_user(None, [python, "-c", ENABLED])
