# SPDX-License-Identifier: ISC
"""Every Python from 3.9 on that this machine has: a test that takes `interpreter` runs with each, as its own process."""

import glob
import os
import re
import subprocess
import sys


def version(path):
    try:
        done = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 and done.stdout else None


def found():
    """{"3.11": path}"""
    places = [sys.executable, *glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python3")), *glob.glob("/usr/bin/python3.*"),
              *glob.glob("/usr/local/bin/python3.*")]
    by_version = {}
    for path in places:
        if re.fullmatch(r"python3?(\.\d+)?", os.path.basename(path)):
            number = version(path)
            if number is not None and number >= (3, 9):
                by_version.setdefault("{}.{}".format(*number), path)
    return by_version


INTERPRETERS = found()
