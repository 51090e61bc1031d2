# SPDX-License-Identifier: ISC
"""What is drawn anew with each change of the source, and is the same for everybody who has that source: so that a run that finds something
can be had again, and what lands was looked at."""

import hashlib
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def number():
    """Of the daemon's and the simulation's sources."""
    said = hashlib.sha256()
    for room in ("daemon", "proto", "tests/simulation"):
        for path in sorted((ROOT / room).rglob("*.[ch]")):
            said.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return int.from_bytes(said.digest()[:4], "big")
