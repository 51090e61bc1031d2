# SPDX-License-Identifier: ISC
"""libsvcbroker as somebody else's program finds it: installed, linked by what pkg-config says, and nothing else to be had."""

import glob
import json
import os
import re
import subprocess

import pytest

from tree import TOP

EXAMPLES = "docs/examples"


def read(path):
    with open(f"{TOP}/{path}") as file:
        return file.read()


def pkg_config(stage, *arguments):
    (directory,) = glob.glob(f"{stage}/usr/local/lib*/**/pkgconfig", recursive=True)
    environment = {**os.environ, "PKG_CONFIG_LIBDIR": directory, "PKG_CONFIG_SYSROOT_DIR": stage}
    return subprocess.run(["pkg-config", *arguments, "libsvcbroker"], env=environment, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture(scope="module")
def stage(staged):
    return f"{TOP}/{staged}/stage"


@pytest.fixture
def build(stage, tree, sanitized, tmp_path):
    """build(name, text): the program, compiled against what is installed, and where it is inside the tree."""
    def make(name, text):
        (tmp_path / f"{name}.c").write_text(text)
        strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-std=c99"] + (["-fsanitize=address,undefined"] if sanitized else [])
        subprocess.run(["gcc", *strict, f"{name}.c", *pkg_config(stage, "--cflags", "--libs"), "-o", name], cwd=tmp_path, check=True)
        with open(tmp_path / name, "rb") as program, open(tree.path(f"/run/{name}"), "wb") as inside:
            inside.write(program.read())
            os.fchmod(inside.fileno(), 0o755)
        return f"/run/{name}"
    return make


def run(tree, stage, program, *arguments, user="hermes"):
    (library,) = glob.glob(f"{stage}/usr/local/lib*/**/libsvcbroker.so.0", recursive=True)
    directory = os.path.dirname(library)[len(stage):]
    return tree.run(user, "env", f"LD_LIBRARY_PATH={directory}", program, *arguments)


def test_the_example(tree, stage, build, service):
    program = build("restart", read(f"{EXAMPLES}/restart.c"))
    for profile in ("one", "two"):
        tree.register(profile, start=False)
    result = run(tree, stage, program, "gateway-one", "gateway-two", "gateway-none")
    assert result.returncode == 1 and result.stderr == "", result.stderr
    lines = [line.split(" ", 1) for line in result.stdout.splitlines()]
    assert sorted(word for word, _ in lines) == ["failed", "ok", "ok"]
    outcomes = {}
    for _, text in lines:
        service.reply("io.svcbroker.Restart", False, {"parameters": json.loads(text)})
        for outcome in json.loads(text)["outcomes"]:
            outcomes[outcome["name"]] = outcome.get("error") or outcome["service"]["state"]
    assert outcomes == {"gateway-one": "up", "gateway-two": "up", "gateway-none": "io.svcbroker.NotRegistered"}
    good = run(tree, stage, program, "gateway-one", "gateway-two")
    assert good.returncode == 0 and [line.split(" ", 1)[0] for line in good.stdout.splitlines()] == ["ok"] * 2
    alone = run(tree, stage, program, "gateway-none")
    assert alone.returncode == 1 and "NotRegistered" in alone.stdout and not alone.stdout.startswith("ok")
    refused = run(tree, stage, program, 'x"],"all":true,"names":["y')
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", "restart: Invalid argument\n")
    stranger = run(tree, stage, program, "gateway-one", user="stranger")
    assert (stranger.returncode, stranger.stderr) == (1, "restart: Permission denied\n")


def test_the_manuals_example(tree, stage, build):
    (example,) = re.findall(r"^(#include <stdio.h>\n.*?)^\.Ed$", read("man/svcbroker.3"), re.M | re.S)
    result = run(tree, stage, build("list", example.replace("\\e", "\\")))
    assert result.returncode == 0 and result.stdout.startswith("ok {"), result
    assert "svcbrokerd" in [service["name"] for service in json.loads(result.stdout[3:])["services"]]


def test_it_is_as_new_as_it_says(tree, stage, build):
    text = '#include <stdio.h>\n#include <svcbroker.h>\nint main(void) { puts(svcbroker_version()); return 0; }\n'
    (version,) = pkg_config(stage, "--modversion")
    assert run(tree, stage, build("version", text)).stdout == f"{version}\n"
    assert tree.run("hermes", "svcctl", "--version").stdout.split()[-1] == version


def test_pkg_config_says_only_what_is_needed(stage):
    assert pkg_config(stage, "--cflags") == [f"-I{stage}/usr/local/include"]
    assert [word for word in pkg_config(stage, "--libs") if word.startswith("-l")] == ["-lsvcbroker"]
    assert pkg_config(stage, "--variable=socket")[0].endswith("/run/svcbroker/io.svcbroker")


def test_what_is_exported_is_what_is_documented(stage):
    (library,) = glob.glob(f"{stage}/usr/local/lib*/**/libsvcbroker.so.0", recursive=True)
    lines = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library], check=True, capture_output=True, text=True).stdout
    exported = {line.split()[-1] for line in lines.splitlines()} - {"SVCBROKER_0"}
    exported = {name for name in exported if not name.startswith("SVCBROKER_0@")}
    assert exported and all(name.endswith("@@SVCBROKER_0") for name in exported), exported
    exported = {name.partition("@")[0] for name in exported}
    header = re.sub(r"/\*.*?\*/", "", read("client/lib/svcbroker.h"), flags=re.S)
    manual = read("man/svcbroker.3")
    synopsis = manual[manual.index(".Sh SYNOPSIS"):manual.index(".Sh DESCRIPTION")]
    description = manual[manual.index(".Sh DESCRIPTION"):]
    assert exported == set(re.findall(r"\b(svcbroker_\w+)\(", header))
    assert exported == set(re.findall(r"^\.Nm (svcbroker_\w+)", manual, re.M))
    assert exported == set(re.findall(r"^\.F[no] (svcbroker_\w+)", synopsis, re.M))
    assert exported == set(re.findall(r"^\.Fn (svcbroker_\w+)", description, re.M))


def test_every_error_is_in_the_manual():
    manual = read("man/svcbroker.3")
    errors = set(re.findall(r"-(E[A-Z]+)\b", read("client/lib/svcbroker.h")) + re.findall(r"return -(E[A-Z]+);", read("client/lib/svcbroker.c")))
    assert "EPROTO" in errors
    for error in errors:
        assert f".It Bq Fl Ns Er {error}\n" in manual, error
