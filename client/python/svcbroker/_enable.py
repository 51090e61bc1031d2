# SPDX-License-Identifier: ISC
"""python3 -m svcbroker enable-hermes VENV: puts the hook for Hermes, and this package, into a virtual environment; or takes them out.

Nothing of the environment is executed. Of root's it is changed as root, if nobody else can change where its path leads. Anybody
else's is changed by a child that has become its owner, so that a link there leads no further than its owner could go.

The hook goes in last and comes out first, and what is there is whole or not there: whenever it is broken off, Python in that
environment works, with the hook or without, and another run does the rest.
"""

from __future__ import annotations

import argparse
import compileall
import glob
import importlib.metadata
import importlib.resources
import os
import pwd
import py_compile
import re
import shutil
import signal
import stat
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, Optional, Type

PACKAGE = "svcbroker"
MODULE = "svcbroker_hermes.py"
HOOK = "svcbroker-hermes.pth"
# As in the wheel. Where it was taken out, there is no file any more to be put in again.
HOOK_TEXT = b'import sys; exec("try:\\n import svcbroker_hermes\\n svcbroker_hermes.install()\\nexcept Exception:\\n pass")\n'
STAGED = ".svcbroker-"  # what is made before it is in its place; a run that was broken off leaves it
PYTHON_MIN = 9  # of 3.9
LINKS_MAX = 40  # as the kernel has it
OWNER_SEC = 60.0  # so long a child may take that the environment's owner can stop
MODE_FILE = 0o644
MODE_DIRECTORY = 0o755


class Refused(Exception):
    """Why not, for people."""


# What is put in


def _licence() -> Optional[bytes]:
    beside = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "LICENSE")
    if os.path.isfile(beside):
        with open(beside, "rb") as file:
            return file.read()
    try:
        text = importlib.metadata.distribution(PACKAGE).read_text("LICENSE")
    except importlib.metadata.PackageNotFoundError:
        return None
    return text.encode() if text else None


def contents() -> Dict[str, bytes]:
    """The files of this package, by their names in site-packages; also when it is in a zip file."""
    try:
        import svcbroker_hermes

        spec: Any = svcbroker_hermes.__spec__
        files: Dict[str, bytes] = {MODULE: spec.loader.get_data(spec.origin)}
    except (ImportError, AttributeError, OSError):
        raise Refused(f"{MODULE} is not beside this package: take it from the wheel") from None
    package = importlib.resources.files(PACKAGE)
    for entry in package.iterdir():
        if entry.name.endswith(".py") or entry.name == "py.typed":
            files[f"{PACKAGE}/{entry.name}"] = entry.read_bytes()
    licence = _licence()
    if licence is not None:
        files[f"{PACKAGE}/LICENSE"] = licence
    return files


# Where, and whose it is


def sites(venv: str) -> List[str]:
    """Its site-packages. More than one, if it was made anew with another Python."""
    if not os.path.isdir(venv):
        raise Refused(f"{venv}: there is no such directory")
    if not os.path.isfile(os.path.join(venv, "pyvenv.cfg")):
        raise Refused(f"{venv}: is no virtual environment: there is no pyvenv.cfg in it")
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(venv), "lib", "p*3.*", "site-packages"))):
        match = re.fullmatch(r"(?:python|pypy)3\.(\d+)t?", os.path.basename(os.path.dirname(path)))
        if match and os.path.isdir(path):
            if int(match[1]) < PYTHON_MIN:
                raise Refused(f"{path}: is for Python 3.{match[1]}; this needs 3.{PYTHON_MIN}, or a later one")
            found.append(path)
    if not found:
        raise Refused(f"{venv}: is no virtual environment: there is no lib/python3.*/site-packages in it")
    return found


def _steps(path: str) -> Dict[str, os.stat_result]:
    """All that the kernel looks at on the way to an absolute path: directories, links, and what they lead to. The last is what it gets to."""
    seen = {"/": os.lstat("/")}
    current, left, links = "/", path.split("/"), 0
    while left:
        name = left.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            current = os.path.dirname(current)
            continue
        step = os.path.join(current, name)
        seen.pop(step, None)  # the last is the last
        seen[step] = info = os.lstat(step)
        if not stat.S_ISLNK(info.st_mode):
            current = step
            continue
        links += 1
        if links > LINKS_MAX:
            raise Refused(f"{path}: too many links")
        target = os.readlink(step)
        current = "/" if target.startswith("/") else current
        left = [*target.split("/"), *left]
    seen[current] = seen.pop(current)
    return seen


def owner(path: str) -> int:
    """With whose rights it may be changed. Refused: others could make its path lead elsewhere."""
    seen = _steps(path)
    final = list(seen)[-1]
    uid = seen[final].st_uid
    for step, info in seen.items():
        if info.st_uid not in (0, uid):
            raise Refused(f"{step}: is of uid {info.st_uid}, who could make {path} lead elsewhere, and not of uid {uid}")
        if stat.S_ISLNK(info.st_mode) or (info.st_mode & stat.S_ISVTX and step != final):
            continue
        writable = info.st_mode & (stat.S_IWOTH if uid else stat.S_IWOTH | stat.S_IWGRP)
        if writable:
            who = "anybody" if info.st_mode & stat.S_IWOTH else f"the group {info.st_gid}"
            raise Refused(f"{step}: {who} can write there, and make {path} lead elsewhere: take that right away first")
    return uid


# To put it in, and to take it out


def _read(path: str) -> Optional[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _is_whole(site: str, files: Dict[str, bytes]) -> bool:
    try:
        there = {f"{PACKAGE}/{name}" for name in os.listdir(os.path.join(site, PACKAGE)) if name != "__pycache__"}
    except OSError:
        return False
    return there | {MODULE} == set(files) and all(_read(os.path.join(site, name)) == data for name, data in files.items())


def _is_pip_s(site: str) -> bool:
    """It was installed there, as a wheel; pip has a list of its files."""
    names = os.listdir(site)
    editable = f"__editable__.{PACKAGE}.pth" in names
    there = os.path.isfile(os.path.join(site, PACKAGE, "__init__.py")) and MODULE in names
    return any(re.fullmatch(rf"{PACKAGE}-.*\.dist-info", name) for name in names) and (editable or there)


def _write(path: str, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), MODE_FILE)
        os.fsync(file.fileno())


def _is_ours(site: str) -> bool:
    return os.path.basename(os.path.dirname(site)) == f"python3.{sys.version_info[1]}" and sys.implementation.name == "cpython"


def _compile(staged: str, site: str) -> None:
    """For who may not write there: each start would take some milliseconds longer. Only for the Python that runs this."""
    if _is_ours(site):
        compileall.compile_dir(os.path.join(staged, PACKAGE), ddir=os.path.join(site, PACKAGE), quiet=2)
        py_compile.compile(os.path.join(staged, MODULE), dfile=os.path.join(site, MODULE), quiet=2)
        for path in glob.glob(os.path.join(glob.escape(staged), "**", "*.pyc"), recursive=True):
            os.chmod(path, MODE_FILE)
        for path in glob.glob(os.path.join(glob.escape(staged), "**", "__pycache__"), recursive=True):
            os.chmod(path, MODE_DIRECTORY)


def _swap(staged: str, site: str) -> None:
    package = os.path.join(site, PACKAGE)
    if os.path.lexists(package):
        os.rename(package, os.path.join(staged, "old"))
    os.rename(os.path.join(staged, PACKAGE), package)
    for path in glob.glob(os.path.join(glob.escape(staged), "__pycache__", "*.pyc")):
        os.makedirs(os.path.join(site, "__pycache__"), MODE_DIRECTORY, exist_ok=True)
        os.replace(path, os.path.join(site, "__pycache__", os.path.basename(path)))
    os.replace(os.path.join(staged, MODULE), os.path.join(site, MODULE))


def _clear(site: str) -> None:
    """What runs that were broken off left."""
    for name in os.listdir(site):
        if name.startswith(STAGED):
            shutil.rmtree(os.path.join(site, name))


def enable(site: str, files: Dict[str, bytes]) -> str:
    """Says what it did."""
    _clear(site)
    hooked = _read(os.path.join(site, HOOK)) == HOOK_TEXT
    there = _is_pip_s(site) or _is_whole(site, files)
    if hooked and there:
        return "is enabled already"
    staged = tempfile.mkdtemp(prefix=STAGED, dir=site)
    try:
        if not there:
            os.mkdir(os.path.join(staged, PACKAGE))
            os.chmod(os.path.join(staged, PACKAGE), MODE_DIRECTORY)
            for name, data in files.items():
                _write(os.path.join(staged, name), data)
            _compile(staged, site)
            _swap(staged, site)
        _write(os.path.join(staged, HOOK), HOOK_TEXT)
        os.replace(os.path.join(staged, HOOK), os.path.join(site, HOOK))
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return "enabled"


def disable(site: str) -> str:
    """Says what it did. What pip installed is pip's to remove."""
    hooked = os.path.lexists(os.path.join(site, HOOK))
    if hooked:
        os.unlink(os.path.join(site, HOOK))
    _clear(site)
    if _is_pip_s(site):
        return "disabled; the package stays, as it was installed: 'pip uninstall svcbroker' removes it" if hooked else "was not enabled"
    names = [os.path.join(site, name) for name in (PACKAGE, MODULE)]
    names += glob.glob(os.path.join(glob.escape(site), "__pycache__", "svcbroker_hermes.*.pyc"))
    there = [name for name in names if os.path.lexists(name)]
    if there:
        staged = tempfile.mkdtemp(prefix=STAGED, dir=site)
        for number, name in enumerate(there):
            os.rename(name, os.path.join(staged, str(number)))
        shutil.rmtree(staged)
    return "disabled" if hooked or there else "was not enabled"


# With the rights of its owner


def _become(uid: int) -> int:
    try:
        gid = pwd.getpwuid(uid).pw_gid
    except KeyError:
        raise Refused(f"the environment's owner, uid {uid}, is no user here: run this as that user") from None
    try:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        raise Refused(f"root cannot become uid {uid}, whose environment it is ({error.strerror}): run this as that user") from None
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid):
        raise Refused(f"it has not become uid {uid}")
    return 0


def _wait(child: int) -> int:
    """Its owner may stop it, or make it hang."""
    deadline = time.monotonic() + OWNER_SEC
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1
        if time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise Refused(f"not done within {OWNER_SEC:g} s")
        time.sleep(0.01)


def _told(work: Callable[[], int], say: Callable[..., None]) -> int:
    """The exit code; and what it was, if it failed."""
    try:
        return work()
    except Refused as refused:
        say(refused)
    except OSError as error:
        say(*([error.filename] if error.filename else []), error.strerror or error)
    return 1


def _as_owner(uid: int, work: Callable[[], int], say: Callable[..., None]) -> int:
    if os.geteuid() == uid:
        return _told(work, say)
    child = os.fork()
    if child:
        return _wait(child)
    code = 1
    try:
        os.chdir("/")
        code = _told(lambda: _become(uid), say) or _told(work, say)
    except Exception as error:
        say(type(error).__name__, error)
    finally:
        os._exit(code)


def parser(kind: Type[argparse.ArgumentParser], disabling: bool) -> argparse.ArgumentParser:
    made = kind(prog=f"python3 -m svcbroker {'disable' if disabling else 'enable'}-hermes",
                description="Make the Hermes of a virtual environment ask the broker, or no longer.")  # fmt: skip
    if not disabling:
        made.add_argument("--disable", action="store_true", help="no longer: as disable-hermes")
    made.add_argument("venv", metavar="VENV", help="like /opt/hermes/.venv")
    return made


def run(venv: str, disabling: bool, say: Callable[..., None], show: Callable[[str], None]) -> int:
    def each() -> int:
        files = {} if disabling else contents()
        os.umask(0o022)
        code = 0
        for site in sites(os.path.join(os.getcwd(), venv)):
            uid = owner(site) if os.geteuid() == 0 else os.geteuid()

            def act(site: str = site) -> int:
                show(f"{site}: {disable(site) if disabling else enable(site, files)}\n")
                return 0

            code = max(code, _as_owner(uid, act, say))
        return code

    return _told(each, say)
