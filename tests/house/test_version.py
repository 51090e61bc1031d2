# SPDX-License-Identifier: ISC
"""The version is said in meson.build; whatever else says it says the same, and is known here."""

import re
import subprocess

import source


def version():
    return re.search(r"^  version: '([^']+)',$", source.text("meson.build"), flags=re.M).group(1)


# What cannot ask meson: a pattern around the version, in files that have it once.
COPIES = {
    "alpine/APKBUILD": r"^pkgver=(.+)",
    "client/python/svcbroker/__init__.py": r'^__version__ = "(.+?)"',
    "debian/changelog": r"^svcbroker \((.+?)\) ",
    "docs/clients.md": r'^ *"version": "(.+?)"',
    "man/svcbroker.3": r"^\.Ql (\d+\.\d+\.\d+) \.$",
    "NEWS.md": r"^## (\d+\.\d+\.\d+)",
}


def test_copies():
    found = {path: re.search(pattern, source.text(path), flags=re.M) for path, pattern in COPIES.items()}
    assert {path: match and match.group(1) for path, match in found.items()} == dict.fromkeys(COPIES, version())


def test_nobody_else_says_it():
    places = set()
    for path in source.files():
        if not path.startswith(("tests/", "docs/benchmarks.md")) and re.search(rf"(?<![\d.]){re.escape(version())}(?![\d.])", source.text(path)):
            places.add(path)
    # The header shows what a version looks like; the symbols have those since when they are there.
    assert places - {"meson.build", "client/lib/svcbroker.h", "debian/libsvcbroker0.symbols"} == set(COPIES)


def test_nobody_is_said_in_these_places():
    """There is no maintainer and no page that the tree could name: HACKING says what is to be filled in where, and docs/clients.md shows it."""
    said = {path for path in source.files() if not path.startswith("tests/") and re.search(r"example\.(org|com|net)|\.invalid\b", source.text(path))}
    assert said == {"HACKING.md", "alpine/APKBUILD", "debian/changelog", "debian/control", "docs/clients.md", "meson_options.txt"}


def test_programs():
    for program in ("client/svcctl", "daemon/svcbrokerd"):
        said = subprocess.run([source.BUILD / program, "--version"], capture_output=True, text=True, check=True).stdout
        assert said == f"{program.rpartition('/')[2]} {version()}\n"
