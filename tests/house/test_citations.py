# SPDX-License-Identifier: ISC
"""What is cited is there: a file that a comment, a page, a script or a manual names exists in the repository, or is known to be somebody else's."""

import os
import re

import law
import source

TOPS = "client|daemon|docker|docs|man|proto|s6-rc\\.d|tests|tools"
# A path from the top, or a file by the end of its path; never a part of a longer path, of a URL or of a pattern.
PATH = re.compile(rf"(?<![\w/.$~*{{}}@%<>=-])((?:\.{{1,2}}/)*(?:(?:{TOPS})/[\w./-]*[\w/]|(?:[\w.-]+/)*[\w-]+\.(?:c|h|md|varlink)))(?![\w*{{}}<>%$]|\.\w)")


def cited():
    """(file, line, path) of each citation: in C and scripts their comments, of pages and manuals all."""
    for path in source.files():
        if path.startswith(law.CITES_NOTHING):
            continue
        if path.endswith((".c", ".h")):
            texts = list(source.comments(path))
        elif path.endswith((".md", ".1", ".3", ".7", ".8", ".varlink")):
            texts = list(enumerate(source.text(path).splitlines(), 1))
        elif path.endswith((".py", ".sh", ".in", "meson.build")) or source.text(path).startswith("#!"):
            texts = [(number, line[line.index("#"):]) for number, line in enumerate(source.text(path).splitlines(), 1) if "#" in line]
        else:
            continue
        for line, text in texts:
            for match in PATH.finditer(re.sub(r"https?://\S+", "", text)):
                yield path, line + text.count("\n", 0, match.start()), match.group(1)


def test_citations():
    known = source.files()
    ends = {"/".join(path.split("/")[at:]) for path in known for at in range(path.count("/") + 1)}
    ends |= {path.removesuffix(".in") for path in ends if path.endswith(".in")}  # what meson makes of them
    folders = {"/".join(path.split("/")[:at]) for path in known for at in range(1, path.count("/") + 1)}
    wrong, met = [], set()
    for path, line, name in cited():
        plain = name.rstrip("/")
        if plain.startswith(("../", "./")):  # a link, from where the page is; or a command, from the top
            beside = os.path.normpath(os.path.join(os.path.dirname(path), plain))
            plain = beside if (source.ROOT / beside).exists() else plain.removeprefix("./")
        if plain in ends or plain in folders or "NAME" in plain:
            continue
        if plain in law.CITED_OF_OTHERS:
            met.add(plain)
        else:
            wrong.append(f"{path}:{line}: cites {name}, which is not there")
    wrong += [f"law.py: CITED_OF_OTHERS: nobody cites {name}: strike it out" for name in law.CITED_OF_OTHERS if name not in met]
    assert not wrong, "\n".join(wrong)


def test_nobody_is_sent_nowhere():
    wrong = []
    for path in source.files():
        if path.startswith(law.CITES_NOTHING):
            continue
        for number, line in enumerate(source.text(path).splitlines(), 1):
            if re.search(law.CITES_NOWHERE, line):
                wrong.append(f"{path}:{number}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


def headings(page):
    """The anchors that GitHub gives the headings of a page."""
    code = re.sub(r"^```.*?^```", "", source.text(page), flags=re.M | re.S)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).strip().lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", code, flags=re.M)}


def test_links():
    """Links of pages lead to files, and to headings that are in them."""
    wrong = []
    for page in source.files():
        if not page.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", source.text(page)):
            if re.match(r"\w+:", target):
                continue
            name, _, anchor = target.partition("#")
            other = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
            if not (source.ROOT / other).exists():
                wrong.append(f"{page}: {target} is not there")
            elif anchor and other.endswith(".md") and anchor not in headings(other):
                wrong.append(f"{page}: {target}: no such heading")
    assert not wrong, "\n".join(wrong)
