# SPDX-License-Identifier: ISC
"""Writes a C file that holds text files as strings: embed.py OUTPUT INPUT.varlink...

The interface is served and documented from one source, so that they cannot differ.
"""

import pathlib
import sys


def literal(line: bytes) -> str:
    # Octal escapes end after three digits, whatever follows; hexadecimal ones do not.
    plain = b" !#$%&'()*+,-./0123456789:;<=>@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in line) + '"'


def definition(path: pathlib.Path) -> str:
    content = path.read_bytes()
    if b"\0" in content:
        sys.exit(f"{path}: has a NUL byte")
    name = "interface_" + path.name.removesuffix(".varlink").replace(".", "_")
    lines = content.splitlines(keepends=True) or [b""]
    return f"const char {name}[] =\n" + "\n".join(f"        {literal(line)}" for line in lines) + ";\n"


def main() -> None:
    output, *inputs = map(pathlib.Path, sys.argv[1:])
    parts = ['#include "proto/interface.h"\n', *map(definition, inputs)]
    output.write_text("\n".join(parts))


main()
