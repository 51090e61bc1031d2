# SPDX-License-Identifier: ISC
"""A tmux of a test's own, with a shell in a tree: what a person sees of a program that has the whole terminal."""

import contextlib
import os
import shlex
import subprocess
import tempfile

from tree import TOP, wait_until
from varlink import HANG_SEC


class Tmux:
    def __init__(self, directory, tree, user, columns, rows, environment):
        self.socket = f"{directory}/socket"
        script = '. tools/lib/tree.sh; tree_pid=$1; shift; tree_enter "$@"'
        # A bash that reads no files of anybody's, with job control.
        shell = ["bash", "-c", script, "tree", str(tree.pid), user, "env", "PS1=prompt>", *environment, "bash", "--norc", "--noprofile"]
        # C.UTF-8, or tmux would not show what is not ASCII.
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        self.run("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "exec " + shlex.join(shell))
        self.run("set-option", "-g", "status", "off")
        self.run("resize-window", "-x", str(columns), "-y", str(rows))
        self.wait_for(lambda text: text.startswith("prompt>"), "a shell")

    def run(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], cwd=TOP, env=self.environment, check=True, capture_output=True,
                              text=True, timeout=HANG_SEC).stdout

    def text(self, colours=False):
        return self.run("capture-pane", "-p", *(["-e"] if colours else []))

    def lines(self):
        return self.text().splitlines()

    def get(self, variable):
        """One of tmux's: alternate_on, cursor_flag, pane_dead, ..."""
        return self.run("display-message", "-p", f"#{{{variable}}}").rstrip("\n")

    def keys(self, *keys):
        """As tmux calls them: q, C-c, Up, PPage, ..."""
        self.run("send-keys", *keys)

    def command(self, line):
        self.run("send-keys", "-l", line)
        self.keys("Enter")

    def resize(self, columns, rows):
        self.run("resize-window", "-x", str(columns), "-y", str(rows))

    def wait_for(self, condition, what=""):
        """condition: of what is to be seen. Returns that."""
        seen = {}

        def look():
            seen["text"] = self.text()
            return condition(seen["text"])
        try:
            wait_until(look)
        except AssertionError:
            raise AssertionError(f"not seen: {what}\n{seen.get('text')}") from None
        return seen["text"]

    def wait_prompt(self):
        """Until the shell has the terminal again, and everything is as it was."""
        text = self.wait_for(lambda text: self.get("alternate_on") == "0" and text.rstrip().endswith("prompt>"), "the shell again")
        assert self.get("cursor_flag") == "1"
        return text


@contextlib.contextmanager
def tmux(tree, user="hermes", columns=80, rows=24, environment=()):
    with tempfile.TemporaryDirectory(prefix="tmux-") as directory:
        made = Tmux(directory, tree, user, columns, rows, environment)
        try:
            yield made
        finally:
            made.run("kill-server")
