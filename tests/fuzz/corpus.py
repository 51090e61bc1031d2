# SPDX-License-Identifier: ISC
"""The committed corpora: corpus/NAME is a text, an input a line, with bytes that are not printable as escapes. So a change of one can be
read, and three hundred inputs are no three hundred files."""

import hashlib
import pathlib
import re

HERE = pathlib.Path(__file__).parent / "corpus"
ESCAPES = {b"\n": "\\n", b"\t": "\\t", b"\\": "\\\\"}
MEANT = {ord(written[1]): meant for meant, written in ESCAPES.items()}


def escape(data):
    return "".join(ESCAPES.get(byte) or (byte.decode() if b" " <= byte <= b"~" else f"\\x{byte[0]:02x}")
                   for byte in (data[i:i + 1] for i in range(len(data))))


def unescape(line):
    def meant(match):
        return bytes([int(match.group(1)[1:], 16)]) if len(match.group(1)) == 3 else MEANT[match.group(1)[0]]

    return re.sub(rb"\\(x[0-9a-f]{2}|[nt\\])", meant, line.encode())


def read(name):
    """The inputs of a corpus."""
    path = HERE / name
    return [unescape(line) for line in path.read_text().splitlines()] if path.exists() else []


def write(name, inputs):
    HERE.mkdir(exist_ok=True)
    lines = sorted({escape(data) for data in inputs if data}, key=lambda line: (len(line), line))
    (HERE / name).write_text("".join(line + "\n" for line in lines))


def unpack(name, directory):
    """As files, for libFuzzer."""
    directory.mkdir(parents=True, exist_ok=True)
    for data in read(name):
        (directory / hashlib.sha1(data).hexdigest()).write_bytes(data)
