# SPDX-License-Identifier: ISC
"""What the tests of the house read: the files of the checkout, and what the compiler made of them."""

import functools
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(ROOT, os.environ.get("SVCBROKER_BUILD", "build"))


@functools.cache
def files():
    """Every file of the checkout, as git knows it or, without git, as it lies there; paths are relative to its top."""
    git = subprocess.run(["git", "-C", ROOT, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, text=True)
    if git.returncode == 0:
        found = git.stdout.split("\0")[:-1]
    else:
        found = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if not any(part.startswith((".git", "build")) for part in path.relative_to(ROOT).parts[:1])]
    return sorted(path for path in set(found) if (ROOT / path).is_file())


@functools.cache
def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="surrogateescape")


def sources(*folders, ending=(".c", ".h")):
    """C files below these folders."""
    return [path for path in files() if path.endswith(ending) and path.startswith(tuple(folder + "/" for folder in folders))]


def ours():
    """The C files of what is installed; tests have fewer rules."""
    return sources("proto", "template", "daemon", "client")


@functools.cache
def bare(path):
    """The code of a C file: comments, strings and characters are blank, lines and columns stay where they are."""
    def blank(match):
        found = match.group()
        if found.startswith(('"', "'")):
            return found[0] + " " * (len(found) - 2) + found[0]
        return re.sub(r"[^\n]", " ", found)

    include = re.compile(r'^\s*#\s*include.*$', re.M)
    code = text(path)
    kept = {match.start(): match.group() for match in include.finditer(code)}
    code = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, code, flags=re.S)
    for start, line in kept.items():
        code = code[:start] + line + code[start + len(line):]
    return code


def arguments(code, begin):
    """The text of a call's arguments; begin: behind its parenthesis."""
    depth, at = 1, begin
    while depth and at < len(code):
        depth += (code[at] == "(") - (code[at] == ")")
        at += 1
    return code[begin:at - 1], at


def comments(path):
    """(line, text) of each comment of a C file."""
    code = re.sub(r'"(?:\\.|[^"\\\n])*"', lambda match: '"' + " " * (len(match.group()) - 2) + '"', text(path))
    for match in re.finditer(r"/\*.*?\*/|//[^\n]*", code, flags=re.S):
        yield code.count("\n", 0, match.start()) + 1, match.group()


def includes(path):
    """(line, file) of what a C file includes of ours."""
    for number, line in enumerate(text(path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield number, match.group(1)


def functions(path):
    """(name, first line, lines) of each function of a C file: they begin and end at the first column."""
    begin = name = None
    lines = bare(path).splitlines()
    for number, line in enumerate(lines, 1):
        if re.match(r"[A-Za-z_]", line) and not re.match(r"(typedef|extern|enum|#)", line):
            begin = number
            names = re.findall(r"([A-Za-z_]\w*)\(", line)
            name = names[0] if names else name
        elif line == "{" and begin is not None:
            opened = number
        elif line == "}" and begin is not None and name is not None:
            yield name, begin, number - begin + 1
            begin = name = None
        elif line.startswith("}"):
            begin = name = None


@functools.cache
def objects():
    """Source file -> (symbols that its object defines, symbols that it needs), of all objects of ours that are built."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    where = {}
    for command in commands:
        source = pathlib.Path(os.path.normpath(pathlib.Path(command["directory"], command["file"])))
        built = pathlib.Path(command["directory"], command["output"])
        if ROOT in source.parents and built.exists():
            path = str(source.relative_to(ROOT))
            if path.startswith(("proto/", "daemon/", "client/")):
                where[str(built)] = path
    found = {path: (set(), set()) for path in where.values()}
    listing = subprocess.run(["nm", "-A", "-g", "-P", *where], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        built, symbol, kind, *_ = line.split()
        found[where[built.rstrip(":")]][kind == "U"].add(symbol)
    return found


@functools.cache
def calls():
    """Source file -> {source file that it needs: the symbols}, by what the linker would do for each of the two programs."""
    result = {}
    for program in ("daemon/", "client/"):
        part = {path: symbols for path, symbols in objects().items() if path.startswith(("proto/", program))}
        home = {symbol: path for path, (defines, _) in part.items() for symbol in defines if symbol != "main"}
        for path, (_, needs) in part.items():
            others = result.setdefault(path, {})
            for symbol in needs:
                other = home.get(symbol)
                if other is not None and other != path:
                    others.setdefault(other, set()).add(symbol)
    return result
