# SPDX-License-Identifier: ISC
"""Every C file of what is installed is as .clang-format has it; what it is for, and how to renew it: HACKING.md, "Style"."""

import re
import shutil
import subprocess

import pytest

import debts
import law
import source


def program():
    """clang-format of the major version whose output the files have: others break lines elsewhere."""
    for name in (f"clang-format-{law.CLANG_FORMAT}", "clang-format"):
        found = shutil.which(name)
        if found:
            version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(rf"version {law.CLANG_FORMAT}\.", version):
                return found
    pytest.skip(f"no clang-format {law.CLANG_FORMAT} is here")


def test_format():
    paths = source.ours()  # in tests, tables of cases are laid out by hand
    result = subprocess.run([program(), "--dry-run", *paths], cwd=source.ROOT, capture_output=True, text=True)
    found = {}
    for line in result.stderr.splitlines():
        if "[-Wclang-format-violations]" in line:
            path, number = line.split(":")[:2]
            found[path] = [f"line {number}, and more: clang-format -i {path}"]
    debts.settle("format", found)


def test_lines():
    """What a formatter leaves as it is, comments: no line is longer than the others."""
    found = {}
    for path in source.ours():
        for number, line in enumerate(source.text(path).splitlines(), 1):
            if len(line.expandtabs(8)) > law.COLUMNS:
                found.setdefault(path, []).append(f"line {number} has {len(line)} columns, over {law.COLUMNS}")
    debts.settle("lines are short", found)
