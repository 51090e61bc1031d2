# SPDX-License-Identifier: ISC
"""Whoever has one file of the tree sees under which licence it is."""

import source

# Which have no comments, or are kept as they once were.
WITHOUT = (".ci/", "s6-rc.d/gateways/down.in", "tests/integration/old-template/", "tests/unit/status/")
KINDS = (".c", ".h", ".py", ".build", ".in", ".map", ".sh", ".txt", ".1", ".3", ".7", ".8")


def test_each_source_says_its_licence():
    """Programs, scripts, manuals, and what builds them; in one of the first lines."""
    found = [path for path in source.files() if path.endswith(KINDS) or source.text(path).startswith("#!")]
    assert len(found) > 900
    assert [path for path in found if not path.startswith(WITHOUT) and source.text(path)
            and "SPDX-License-Identifier: ISC" not in "".join(source.text(path).splitlines(True)[:3])] == []
