# SPDX-License-Identifier: ISC
"""What README says of installing."""

import re
import subprocess

from roots import TOP

BLOCK_LINES_MAX = 4


def section():
    with open(f"{TOP}/README.md", encoding="utf-8") as file:
        return re.search(r"^## Installing\n(.*?)^## ", file.read(), re.M | re.S)[1]


def block(title):
    """The lines to be typed below a heading of that section."""
    text = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^### |\Z)", section(), re.M | re.S)[1]
    lines = re.findall(r"^    (.*)$", text, re.M)
    assert 0 < len(lines) <= BLOCK_LINES_MAX, title
    return lines


def copy_checkout():
    """As git would have it, for Root.unpack()."""
    files = "git -c safe.directory='*' ls-files -z --cached --others --exclude-standard | tar --null --files-from - --create"
    return subprocess.run(["bash", "-o", "pipefail", "-c", files], cwd=TOP, check=True, stdout=subprocess.PIPE).stdout
