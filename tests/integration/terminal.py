# SPDX-License-Identifier: ISC
"""A terminal for a command in a tree, and what a person sees in it."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from tree import TOP
from varlink import HANG_SEC

SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


class Screen:
    """As much of a terminal as svcctl uses. Anything else is an error, so that nothing unexpected gets out."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [""]
        self.wrapped = set()
        self.row = self.column = 0

    def put(self, text):
        while text:
            match = SEQUENCE.match(text)
            if match:
                self.control(match.group(2), match.group(1))
                text = text[match.end():]
                continue
            character, text = text[0], text[1:]
            if character == "\r":
                self.column = 0
            elif character == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            else:
                assert character.isprintable(), repr(character)
                if self.column == self.columns:
                    self.wrapped.add(self.row)
                    self.put("\r\n")
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
                self.column += 1

    def control(self, letter, number):
        if letter == "A":
            self.row -= int(number or 1)
            assert self.row >= 0
        elif letter == "K" and not number:
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J" and not number:
            self.lines[self.row] = self.lines[self.row][:self.column]
            assert not any(row >= self.row for row in self.wrapped), "more is erased than was drawn"
            del self.lines[self.row + 1:]
        else:
            assert letter == "m", f"ESC [ {number} {letter}"

    def text(self):
        text = "".join(line if row in self.wrapped else line.rstrip() + "\n" for row, line in enumerate(self.lines))
        return text.rstrip("\n")


class Terminal:
    def __init__(self, process, master, columns):
        self.process = process
        self.master = master
        self.screen = Screen(columns)
        self.raw = ""
        self.seen = []  # each different picture

    def read(self, timeout):
        """False: nothing more will come."""
        if not select.select([self.master], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.master, 65536).decode()
        except OSError:
            return False
        self.raw += data
        self.screen.put(data)
        if not self.seen or self.seen[-1] != self.screen.text():
            self.seen.append(self.screen.text())
        return bool(data)

    def wait_for(self, pattern, timeout=HANG_SEC):
        deadline = time.monotonic() + timeout
        while not (match := re.search(pattern, self.screen.text())):
            assert time.monotonic() < deadline, f"{pattern!r} not seen: {self.screen.text()!r}"
            assert self.read(0.1) or re.search(pattern, self.screen.text()), f"{pattern!r} not seen: {self.raw!r}"
        return match

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self, timeout=HANG_SEC):
        """Its exit code, when it has ended by itself."""
        deadline = time.monotonic() + timeout
        while self.read(0.1):
            if self.process.poll() is not None and not select.select([self.master], [], [], 0)[0]:
                break
            assert time.monotonic() < deadline, f"it does not end: {self.screen.text()!r}"
        return self.process.wait(HANG_SEC)


@contextlib.contextmanager
def terminal(tree, user, *command, columns=80, environment=("TERM=xterm",)):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    # Ctrl-C is for the command alone, not for what brings it into the tree.
    script = """trap '' INT; . tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@" """
    process = subprocess.Popen(["setsid", "--ctty", "--wait", "bash", "-c", script, "tree", str(tree.pid), user,
                                "env", "--default-signal=HUP,INT,QUIT", *environment, *command],
                               cwd=TOP, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    try:
        yield Terminal(process, master, columns)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(HANG_SEC)
        os.close(master)
