# SPDX-License-Identifier: ISC
"""python3 -m svcbroker enable-hermes VENV: in and out, again and again, broken off, and in the environment of somebody hostile."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from interpreters import INTERPRETERS
from svcbroker import _enable

TOP = Path(__file__).resolve().parents[2]
PACKAGE = TOP / "client/python"
HERMES_UID = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in (0, os.getuid()) and entry.pw_name in ("hermes", "daemon", "nobody")), None)
needs_root = pytest.mark.skipif(os.getuid() != 0 or HERMES_UID is None, reason="becomes another user")


def call(*words, code=0, interpreter=sys.executable, user=None):
    """As root calls it: by its path, in Python's isolated mode."""
    done = subprocess.run([interpreter, "-I", PACKAGE / "svcbroker", *words], cwd="/", capture_output=True, text=True, user=user, group=user,
                          extra_groups=None if user is None else [])
    assert done.returncode == code and "Traceback" not in done.stderr, done
    assert code == 0 or done.stderr.startswith(("svcbroker: ", "usage: "))
    return done


@pytest.fixture
def place():
    """A directory that everybody can enter; pytest's own is one's own."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def environment(directory, interpreter=sys.executable):
    subprocess.run([interpreter, "-m", "venv", "--without-pip", directory], check=True)
    site, = directory.glob("lib/python*/site-packages")
    return site


@pytest.fixture
def venv(place):
    environment(place / "venv")
    return place / "venv"


def site_of(venv):
    site, = venv.glob("lib/python*/site-packages")
    return site


def is_enabled(venv):
    """As its Python sees it; which is silent, whatever there is."""
    done = subprocess.run([venv / "bin/python3", "-IBc", "import sys; print('svcbroker_hermes' in sys.modules and sys.modules['svcbroker_hermes']._find('svcbroker', None) is not None)"],
                          capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout == "True\n"


def listing(directory):
    """Everything that a change of anything there would change."""
    found = {}
    for path in [directory, *sorted(directory.rglob("*"))]:
        info = path.lstat()
        found[str(path)] = (info.st_mode, info.st_uid, info.st_gid, info.st_mtime_ns, info.st_ino, path.read_bytes() if stat.S_ISREG(info.st_mode) else None)
    return found


def files_in(site):
    return {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


WHOLE = {f"svcbroker/{path.name}" for path in (PACKAGE / "svcbroker").glob("*.py")} | {
    "svcbroker/py.typed", "svcbroker/LICENSE", "svcbroker_hermes.py", "svcbroker-hermes.pth"}


def test_the_hook_is_that_of_the_wheel():
    assert _enable.HOOK_TEXT == (PACKAGE / "svcbroker-hermes.pth").read_bytes()


@pytest.mark.parametrize("number", INTERPRETERS)
def test_in_and_out(place, number):
    site = environment(place / "venv", INTERPRETERS[number])
    before = files_in(site)
    assert not is_enabled(place / "venv")
    assert call("enable-hermes", place / "venv", interpreter=INTERPRETERS[number]).stdout == f"{site}: enabled\n"
    assert files_in(site) - before == WHOLE and is_enabled(place / "venv")
    for name in WHOLE - {"svcbroker/LICENSE"}:
        assert (site / name).read_bytes() == (PACKAGE / name).read_bytes() and stat.S_IMODE((site / name).stat().st_mode) == 0o644
    whole = listing(site)
    assert call("enable-hermes", place / "venv", interpreter=INTERPRETERS[number]).stdout == f"{site}: is enabled already\n" and listing(site) == whole
    assert call("disable-hermes", place / "venv", interpreter=INTERPRETERS[number]).stdout == f"{site}: disabled\n"
    assert files_in(site) == before and not is_enabled(place / "venv")
    assert call("enable-hermes", "--disable", place / "venv", interpreter=INTERPRETERS[number]).stdout == f"{site}: was not enabled\n"


def test_compiled_for_who_may_not_write_there(venv):
    call("enable-hermes", venv)
    script = "import svcbroker_hermes as a, svcbroker.hermes as b; print(*(open(m.__cached__, 'rb').read(16).hex() for m in (a, b)), a.__file__)"
    before = {path: path.stat().st_mtime_ns for path in site_of(venv).rglob("*.pyc")}
    subprocess.run([venv / "bin/python3", "-I", "-c", script], check=True, stdout=subprocess.DEVNULL)
    after = {path: path.stat().st_mtime_ns for path in site_of(venv).rglob("*.pyc") if "svcbroker" in str(path)}
    assert before and after == {path: stamp for path, stamp in before.items() if path in after}, "Python has compiled nothing anew"


def test_from_the_wheel_and_back_again_where_it_is_installed(venv, place):
    """The wheel as it lies there is enough; of an installed one, its hook is taken out and put in, by its own environment, too."""
    subprocess.run([sys.executable, PACKAGE / "_wheel.py", place], check=True)
    wheel, = place.glob("*.whl")
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(wheel), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-m", "svcbroker", "enable-hermes", venv], check=True, env=environ, cwd="/", stdout=subprocess.DEVNULL)
    assert files_in(site_of(venv)) == WHOLE and is_enabled(venv)
    call("disable-hermes", venv)
    subprocess.run([venv / "bin/python3", "-I", "-m", "zipfile", "-e", wheel, site_of(venv)], check=True)
    installed = files_in(site_of(venv))
    for hooked, words in ((True, ["enable-hermes"]), (False, ["disable-hermes"]), (False, ["disable-hermes"]), (True, ["enable-hermes"])):
        subprocess.run([venv / "bin/python3", "-I", "-m", "svcbroker", *words, venv], check=True, cwd="/", stdout=subprocess.DEVNULL)
        assert files_in(site_of(venv)) == installed - (set() if hooked else {"svcbroker-hermes.pth"}) and is_enabled(venv) == hooked


@pytest.mark.parametrize("what, said", [
    ("nothing", "there is no such directory"), ("empty", "is no virtual environment: there is no pyvenv.cfg in it"),
    ("no site-packages", "is no virtual environment: there is no lib/python3.*/site-packages in it"), ("python3.8", "is for Python 3.8; this needs 3.9")])
def test_what_is_no_environment_is_refused(place, what, said):
    top = place / "venv"
    if what != "nothing":
        top.mkdir()
    if what not in ("nothing", "empty"):
        (top / "pyvenv.cfg").touch()
    if what == "python3.8":
        (top / "lib/python3.8/site-packages").mkdir(parents=True)
    before = listing(place)
    for verb in ("enable-hermes", "disable-hermes"):
        assert said in call(verb, top, code=1).stderr
    assert listing(place) == before


# Broken off

class Killed(BaseException):
    pass


STEPS = ("rename", "replace", "mkdir", "unlink", "chmod")


def broken_off(monkeypatch, site, act, at):
    """Kills it before the change of that number. Whether it came so far."""
    count = 0

    def counting(function):
        def step(*arguments, **options):
            nonlocal count
            count += 1
            if count > at:  # and nothing after it, as of a process that is gone
                raise Killed
            return function(*arguments, **options)
        return step

    with monkeypatch.context() as patched:
        for name in STEPS:
            patched.setattr(os, name, counting(getattr(os, name)))
        patched.setattr(shutil, "rmtree", counting(shutil.rmtree))
        try:
            act(site)
        except Killed:
            return True
    return False


def test_wherever_it_is_broken_off(monkeypatch, venv):
    """Python starts, and has all of it or none; and the same again makes it whole."""
    site, files = site_of(venv), _enable.contents()
    older = {**files, "svcbroker/older.py": b"", "svcbroker/__init__.py": files["svcbroker/__init__.py"] + b"# of before\n"}
    monkeypatch.setattr(_enable, "_compile", lambda *_: None)  # neither is a step of it, and both are slow
    monkeypatch.setattr(os, "fsync", lambda _: None)
    acts = {"in": (lambda site: _enable.enable(site, files), _enable.disable), "newer": (lambda site: _enable.enable(site, files), lambda site: _enable.enable(site, older)),
            "out": (_enable.disable, lambda site: _enable.enable(site, files))}
    for name, (act, prepare) in acts.items():
        at = 0
        while True:
            prepare(site)
            going_on = broken_off(monkeypatch, site, act, at)
            hooked, there = (site / "svcbroker-hermes.pth").exists(), files_in(site)
            if (site / "svcbroker").exists():
                inside = {path for path in there if path.startswith("svcbroker/")}
                assert inside in ({path for path in files if "/" in path}, {path for path in older if "/" in path}), (name, at, "a part of it")
            if name == "in" and hooked:
                assert there >= WHOLE, (name, at)
            act(site)
            assert files_in(site) == (set() if name == "out" else WHOLE), (name, at, "the same again")
            at += 1
            if not going_on:
                break
        assert at > 3


@pytest.mark.parametrize("what", ["hook", "module", "package", "cut", "staged"])
def test_what_was_left_of_one(venv, what):
    site = site_of(venv)
    call("enable-hermes", venv)
    if what == "staged":
        (site / ".svcbroker-left/svcbroker").mkdir(parents=True)
        (site / ".svcbroker-left/svcbroker/a.py").touch()
    elif what == "cut":
        (site / "svcbroker/client.py").write_bytes(b"")
        (site / "svcbroker/strange.py").touch()
    else:
        for name in {"hook": ["svcbroker", "svcbroker_hermes.py"], "module": ["svcbroker", "svcbroker-hermes.pth"],
                     "package": ["svcbroker_hermes.py", "svcbroker-hermes.pth"]}[what]:
            shutil.rmtree(site / name) if (site / name).is_dir() else (site / name).unlink()
    call("enable-hermes", venv)
    assert files_in(site) == WHOLE and is_enabled(venv)


# Whose it is

def give(*paths):
    for path in paths:
        for inner in [path, *([] if path.is_symlink() else path.rglob("*"))]:
            os.chown(inner, HERMES_UID, HERMES_UID, follow_symlinks=False)


@needs_root
def test_root_puts_it_in_with_the_owner_s_rights(venv):
    give(venv)
    call("enable-hermes", venv)
    assert is_enabled(venv)
    assert {path.lstat().st_uid for path in site_of(venv).rglob("*")} == {HERMES_UID}
    call("enable-hermes", venv, user=HERMES_UID)
    call("disable-hermes", venv)
    assert files_in(site_of(venv)) == set()


@pytest.fixture
def victim(place):
    """What is root's, and nobody else's business."""
    environment(place / "victim")
    (place / "victim/secret").write_text("root's")
    return place / "victim"


ATTACKS = {
    "venv": lambda venv, victim: (venv.rename(venv.parent / "mine"), venv.symlink_to(victim)),
    "lib": lambda venv, victim: (shutil.rmtree(venv / "lib"), (venv / "lib").symlink_to(victim / "lib")),
    "python": lambda venv, victim: (shutil.rmtree(site_of(venv).parent), (venv / "lib" / site_of(victim).parts[-2]).symlink_to(site_of(victim).parent)),
    "site": lambda venv, victim: (os.rmdir(site_of(venv)), (venv / "lib" / site_of(victim).parts[-2] / "site-packages").symlink_to(site_of(victim))),
    "package": lambda venv, victim: (site_of(venv) / "svcbroker").symlink_to(victim),
    "cache": lambda venv, victim: (site_of(venv) / "__pycache__").symlink_to(victim),
    "hook": lambda venv, victim: (site_of(venv) / "svcbroker-hermes.pth").symlink_to(victim / "secret"),
    "new hook": lambda venv, victim: (site_of(venv) / "svcbroker-hermes.pth").symlink_to(victim / "new"),
    "module": lambda venv, victim: (site_of(venv) / "svcbroker_hermes.py").symlink_to(victim / "secret"),
    "staged": lambda venv, victim: (site_of(venv) / ".svcbroker-x").symlink_to(victim),
    "staged inside": lambda venv, victim: ((site_of(venv) / ".svcbroker-x").mkdir(), (site_of(venv) / ".svcbroker-x/y").symlink_to(victim)),
    "cfg": lambda venv, victim: ((venv / "pyvenv.cfg").unlink(), (venv / "pyvenv.cfg").symlink_to(victim / "pyvenv.cfg")),
}


@needs_root
@pytest.mark.parametrize("attack", ATTACKS)
def test_links_of_its_owner_lead_root_nowhere(place, venv, victim, attack):
    """In the place of each thing that root would go through, or write."""
    os.chown(place, HERMES_UID, HERMES_UID)
    ATTACKS[attack](venv, victim)
    give(venv)
    before = listing(victim)
    for verb in ("enable-hermes", "disable-hermes"):
        subprocess.run([sys.executable, "-I", PACKAGE / "svcbroker", verb, venv], cwd="/", capture_output=True, text=True, timeout=300)
        assert listing(victim) == before


@needs_root
@pytest.mark.parametrize("change, said", [
    (lambda place, venv: os.chown(place, HERMES_UID, 0), "who could make"), (lambda place, venv: os.chown(venv / "lib", HERMES_UID, 0), "who could make"),
    (lambda place, venv: (venv / "lib").chmod(0o777), "anybody can write there"), (lambda place, venv: site_of(venv).chmod(0o775), "the group 0 can write there"),
    (lambda place, venv: site_of(venv).chmod(0o1777), "anybody can write there")], ids=["above", "within", "all", "group", "sticky"])
def test_root_s_own_that_others_can_change_is_refused(place, venv, change, said):
    change(place, venv)
    before = listing(place)
    assert said in call("enable-hermes", venv, code=1).stderr
    assert listing(place) == before


@needs_root
def test_an_owner_whom_nobody_knows_is_refused(venv):
    for path in [venv, *venv.rglob("*")]:
        os.chown(path, 54321, 0, follow_symlinks=False)
    assert "uid 54321, is no user here: run this as that user" in call("enable-hermes", venv, code=1).stderr
    assert files_in(site_of(venv)) == set()


@needs_root
def test_who_may_not_write_there_is_told(venv):
    assert "Permission denied" in call("enable-hermes", venv, code=1, user=HERMES_UID).stderr
    assert files_in(site_of(venv)) == set()
