# SPDX-License-Identifier: ISC
"""What clang's tools say of the C files of the installed programs: nothing."""

import concurrent.futures
import glob
import json
import os
import pathlib
import plistlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("SVCBROKER_BUILD", "build")
JOBS = os.cpu_count()


def program(name):
    """Debian gives some of them the version in their names only."""
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/bin/{name}-[0-9]*"), reverse=True)), None)
    assert found, f"{name} is not here: it is in Debian's clang-tidy or clang-tools"
    return found


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    directory = tmp_path_factory.mktemp("clang")
    subprocess.run(["/usr/bin/python3", ROOT / "tools/lib/clang-commands.py", BUILD, directory], check=True)
    return directory


def analyze(commands, into):
    return subprocess.run([program("analyze-build"), "--cdb", commands, "--output", into, "--plist", "--status-bugs"], cwd=ROOT,
                          capture_output=True, text=True)


def test_scan_build_finds_a_fault(commands, tmp_path):
    """By a command as the build's own are: the analyzer passes over what it does not take for a compiler's, without a word."""
    (tmp_path / "fault.c").write_text("int fault(int *at) { if (!at) return *at; return 0; }\n")
    first = json.loads((commands / "compile_commands.json").read_text())[0]
    one = dict(first, file=str(tmp_path / "fault.c"), command=first["command"].replace(first["file"], str(tmp_path / "fault.c")))
    (tmp_path / "commands.json").write_text(json.dumps([one]))
    assert analyze(tmp_path / "commands.json", tmp_path).returncode != 0


def test_scan_build(commands, tmp_path):
    """clang's static analyzer, with scan-build's runner for builds that are there already."""
    result = analyze(commands / "compile_commands.json", tmp_path)
    said = []
    for report in tmp_path.rglob("*.plist"):
        found = plistlib.loads(report.read_bytes())
        said += [f"{os.path.relpath(found['files'][bug['location']['file']], ROOT)}:{bug['location']['line']}: {bug['description']}"
                 for bug in found["diagnostics"]]
    failures = [str(path) for path in tmp_path.rglob("failures/*")]
    assert said == [] and failures == [] and result.returncode == 0, "\n".join(sorted(set(said))) + result.stderr[-2000:]


def test_clang_tidy(commands):
    """The checks of .clang-tidy."""
    files = sorted({os.path.normpath(os.path.join(command["directory"], command["file"]))
                    for command in json.loads((commands / "compile_commands.json").read_text())})
    tidy = program("clang-tidy")

    def look(path):
        return subprocess.run([tidy, "--quiet", "-p", commands, path], cwd=ROOT, capture_output=True, text=True)

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(look, files))
    said = {line for result in results for line in result.stdout.splitlines() if ": error: " in line or ": warning: " in line}
    assert not said, "\n".join(sorted(said))
    assert [result.args[-1] for result in results if result.returncode != 0] == []
