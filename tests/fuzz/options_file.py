# SPDX-License-Identifier: ISC
"""What the service's run script makes of data/options and of the container's variables: the arguments that svcbrokerd(8) promises, in
every shell that runs it. The rules are written down a second time here.

options_file.py SECONDS FOUND RUN [SEED]: RUN is s6-rc.d/svcbrokerd/run.in. The input is a setting a line up to an empty line,
then the file."""

import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from loop import Loop  # noqa: E402

SETTINGS = [b"HERMES_HOME", b"SVCBROKER_EXEC_PATH", b"GATEWAY_MULTIPLEX_PROFILES", b"HERMES_GATEWAY_BOOTSTRAP_STATE"]
LINES_MAX, LINE_MAX = 1000, 4096
BLANK, SPACE = b" \t", b" \t\n\r\v\f"
SHELLS = [shell for shell in (["dash"], ["busybox", "sh"], ["bash", "--posix"]) if shutil.which(shell[0])]
WORDS = [b"--fallback\n", b"#", b"\t\n", b"\r\n", b"\xef\xbb\xbf", b"running", b"yes", b" OFF\t", b"/opt/data", b"'", b"$(x)", b"`x`",
         b"*", b"--a b\n", b"x\n" * 1000, b"y" * 4096, b"\xc3\x81", b"\x81\x88", b"~", b"[a]", b"$IFS", b"\n\n", b"%s", b"-n\n"]
SAID = b"none of its options holds"


def lines(data):
    """As read -r has them."""
    parts = data.split(b"\n")
    return parts if parts[-1] else parts[:-1]


def options(data):
    """The arguments of the file, or what is said of all of it."""
    if b"\0" in data:
        return [], b"data/options has NUL bytes, and is no plain text (UTF-16?): " + SAID
    taken = []
    for number, line in enumerate(lines(data), 1):
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        if line.endswith(b"\r"):
            line = line[:-1]
        if not line.strip(BLANK) or line.startswith(b"#"):
            continue
        if len(line) > LINE_MAX or number > LINES_MAX:
            return [], b"data/options has more than %d lines, or one of more than %d characters: " % (LINES_MAX, LINE_MAX) + SAID
        taken.append(line)
    return taken, None


def expected(settings, data):
    arguments, fallbacks = [b"--notification-fd", b"3"], []
    home, exec_path, multiplex, bootstrap = (settings.get(name, b"") for name in SETTINGS)
    if home.startswith(b"/"):
        arguments += [b"--hermes-home", home]
    elif home:
        fallbacks.append(b"HERMES_HOME is no absolute path: it counts as not set")
    if exec_path:
        arguments += [b"--exec-path", exec_path]
    word = multiplex.strip(SPACE).lower()
    if word in (b"1", b"true", b"yes", b"on"):
        arguments.append(b"--multiplex")
    elif word in (b"0", b"false", b"no", b"off"):
        arguments.append(b"--no-multiplex")
    if bootstrap == b"running":
        arguments.append(b"--bootstrap")
    taken, said = options(data)
    arguments += taken
    fallbacks += [said] if said else []
    for fallback in fallbacks:
        arguments += [b"--fallback", fallback]
    return arguments


class Place:
    """A service directory, with a program in the daemon's place that writes down its arguments."""

    def __init__(self, run):
        self.directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.directory.name)
        (self.path / "data").mkdir()
        (self.path / "environment").mkdir()
        source = self.path / "svcbrokerd.c"
        source.write_text('#include <stdio.h>\nint main(int count, char **words) { FILE *file = fopen("arguments", "w");\n'
                          "for (int i = 1; i < count; i++) fprintf(file, \"%s%c\", words[i], 0); return fclose(file); }\n")
        subprocess.run([os.environ.get("CC", "cc"), "-o", self.path / "svcbrokerd", source], check=True)
        text = pathlib.Path(run).read_text()
        assert "/run/s6/container_environment/" in text
        (self.path / "run").write_text(text.replace("@S6_BINDIR@", "/usr/bin").replace("@SBINDIR@", str(self.path))
                                       .replace("/run/s6/container_environment", str(self.path / "environment")))
        # What the container was started with is known already: nobody's command line is looked for.
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        start = pathlib.Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19]
        (self.path / "boot").write_text(f"{boot}.{start} other\n")

    def arguments(self, shell, settings, data):
        for name in SETTINGS:
            path = self.path / "environment" / name.decode()
            path.unlink(missing_ok=True)
            if name in settings:
                path.write_bytes(settings[name] + b"\n")
        (self.path / "data/options").write_bytes(data)
        (self.path / "arguments").unlink(missing_ok=True)
        result = subprocess.run([*shell, "./run"], cwd=self.path, stdin=subprocess.DEVNULL, capture_output=True, env={})
        assert (self.path / "arguments").exists(), (shell, result)
        return (self.path / "arguments").read_bytes().split(b"\0")[:-1]


def divide(data):
    head, _, rest = data.partition(b"\n\n")
    settings = {}
    for line in head.replace(b"\0", b"").split(b"\n"):
        name, equals, value = line.partition(b"=")
        if equals and name in SETTINGS:
            settings[name] = value
    return settings, rest


def main():
    seconds, found, run, *seed = sys.argv[1:]
    place = Place(run)
    assert len(SHELLS) > 1, SHELLS

    turns = itertools.cycle(SHELLS)

    def check(data):
        settings, rest = divide(data)
        wanted = expected(settings, rest)
        for shell in SHELLS if data in first else [next(turns)]:
            given = place.arguments(shell, settings, rest)
            assert given == wanted, f"{shell}: {given} instead of {wanted}"[:4000]

    loop = Loop("options_file", int(seed[0]) if seed else None, WORDS, 8 * 1024)
    first = list(loop.inputs)
    loop.main(seconds, check, found, "options_file")


if __name__ == "__main__":
    main()
