# SPDX-License-Identifier: ISC
"""Pages of docs/ with blocks that are made: each stands between <!-- made: NAME --> and <!-- end -->.

A test says what a block must be. It fails where the page says something else; with SVCBROKER_PAGES=write the page is
mended instead. tools/pages does that.
"""

import difflib
import os
import re

from tree import TOP

WRITE = os.environ.get("SVCBROKER_PAGES") == "write"
BLOCK = re.compile(r"(?<=<!-- made: )(?P<name>[\w.-]+) -->\n(?P<text>.*?)(?=<!-- end -->)", re.DOTALL)


class Page:
    def __init__(self, name):
        self.name = name
        self.said = set()

    def read(self):
        with open(f"{TOP}/docs/{self.name}", encoding="utf-8") as file:
            return file.read()

    def blocks(self):
        found = BLOCK.findall(self.read())
        assert len(dict(found)) == len(found), f"{self.name} has a block twice"
        return dict(found)

    def check(self, name, text):
        """The block of that name must be this, which ends with a newline."""
        self.said.add(name)
        blocks = self.blocks()
        assert name in blocks, f"docs/{self.name} has no block {name}; add <!-- made: {name} --> and <!-- end -->"
        if blocks[name] == text:
            return
        if WRITE:
            new = BLOCK.sub(lambda match: f"{name} -->\n{text}" if match["name"] == name else match[0], self.read())
            with open(f"{TOP}/docs/{self.name}", "w", encoding="utf-8") as file:
                file.write(new)
            return
        difference = "\n".join(difflib.unified_diff(blocks[name].splitlines(), text.splitlines(), "the page", "what is so", lineterm=""))
        raise AssertionError(f"docs/{self.name}, block {name} is out of date; tools/pages mends it:\n{difference}")

    def check_complete(self):
        assert set(self.blocks()) == self.said, "blocks that no test makes"


def fenced(text, language="text"):
    return f"```{language}\n{text.rstrip()}\n```\n"
