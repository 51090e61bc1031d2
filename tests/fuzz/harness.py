# SPDX-License-Identifier: ISC
"""Builds harnesses with clang's fuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, and runs them."""

import concurrent.futures
import ctypes
import os
import pathlib
import shlex
import subprocess
import sys

import corpus
from targets import TARGETS

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/fuzz"
CLANG = os.environ.get("CLANG", "clang")
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=fuzzer-no-link,address,undefined",
         "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-missing-field-initializers", "-Werror",
         '-DSVCBROKER_VERSION="0"', '-DSVCBROKER_SOCKET_PATH="/nowhere"', f"-I{ROOT}",
         *(f"-DHAVE_{name.upper()}" for name in ("pwritev2", "renameat2") if hasattr(ctypes.CDLL(None), name))]
# What meson makes of its options; nothing of it is opened.
CONFIG = ["SOCKET", "SCANDIR", "SERVICES", "TEMPLATE", "CLIENT_USER", "S6_BINDIR", "HERMES_HOME"]
SLOW_SEC = 60  # for one input, on a machine with a load of fifty
MEMORY_MB = 1024
ALLOCATION_MB = 64  # at once, of inputs of a few KiB
# Of what is freed, so much is kept from being used again: memory that libFuzzer would take for ours.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16"}


def _packages(what, packages):
    return shlex.split(subprocess.run(["pkg-config", what, *packages], capture_output=True, text=True, check=True).stdout)


class Workshop:
    """A directory for objects, programs, and what is found."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        (self.directory / "daemon").mkdir(parents=True, exist_ok=True)
        (self.directory / "daemon/config.h").write_text("".join(f'#define CONFIG_{name} "/nowhere"\n' for name in CONFIG))
        self._archives = {}

    def _compile(self, source, into, packages):
        subprocess.run([CLANG, *FLAGS, f"-I{self.directory}", *_packages("--cflags", packages), "-c", source, "-o", into],
                       check=True)
        return into

    def _archive(self, room, packages):
        """All that a room has, or one file; of it the linker takes what is needed."""
        if room not in self._archives:
            sources = sorted((ROOT / room).glob("*.c")) if (ROOT / room).is_dir() else [ROOT / room]
            made = self.directory / "objects" / room
            made.mkdir(parents=True, exist_ok=True)
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                objects = list(pool.map(lambda source: self._compile(source, made / (source.stem + ".o"), packages), sources))
            archive = made / "room.a"
            archive.unlink(missing_ok=True)
            subprocess.run(["ar", "rc", archive, *objects], check=True)
            self._archives[room] = archive
        return self._archives[room]

    def build(self, name, fault=None):
        """The program of a target; with a fault, of sources that have it."""
        target = TARGETS[name]
        program = self.directory / (f"{name}-faulty" if fault else name)
        first = [self._compile(HERE / f"{name}.c", self.directory / f"{name}.o", target.packages)]
        if fault:
            text = (ROOT / fault.path).read_text()
            assert text.count(fault.old) == 1, f"{fault.path} has no such place any more: {fault.old}"
            faulty = self.directory / f"{name}-faulty.c"
            faulty.write_text(text.replace(fault.old, fault.new))
            first.append(self._compile(faulty, self.directory / f"{name}-faulty.o", target.packages))
        archives = [self._archive(room, target.packages) for room in target.rooms]
        subprocess.run([CLANG, "-fsanitize=fuzzer,address,undefined", *first, "-Wl,--start-group", *archives, "-Wl,--end-group",
                        *_packages("--libs", target.packages), "-lpthread", "-o", program], check=True)
        return program

    def corpus(self, name):
        """Where its inputs are, those that are committed and those that were found here."""
        directory = self.directory / "corpus" / name
        corpus.unpack(name, directory)
        return directory

    def run(self, program, name, *options, log=None):
        """libFuzzer, from what is in corpus() on. The process; what it says is in `log`, or goes where ours goes."""
        found = self.directory / "found"
        found.mkdir(exist_ok=True)
        words = HERE / f"{name}.dict"
        command = [program, self.corpus(name), f"-malloc_limit_mb={ALLOCATION_MB}", f"-max_len={TARGETS[name].most_bytes}", f"-timeout={SLOW_SEC}",
                   f"-rss_limit_mb={MEMORY_MB}", f"-artifact_prefix={found}/{name}-", "-print_final_stats=1", *options]
        if words.exists():
            command.append(f"-dict={words}")
        return subprocess.Popen(command, cwd=self.directory, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def run_script(name, seconds, found, top=ROOT, seed=None, **options):
    """One of targets.SCRIPTS, with the sources below `top`, and by chance where there is no seed. CompletedProcess."""
    arguments = [str(seconds), str(found)]
    if name == "options_file":
        arguments.append(str(top / "s6-rc.d/svcbrokerd/run.in"))
    if seed is not None:
        arguments.append(str(seed))
    return subprocess.run([sys.executable, HERE / f"{name}.py", *arguments], stdin=subprocess.DEVNULL,
                          env={**os.environ, "PYTHONPATH": str(top / "client/python")}, **options)
