# SPDX-License-Identifier: ISC
"""README's lines for an image with s6-overlay, as somebody's Dockerfile has them."""

import os
import shutil
import sys

from conftest import TOP
from readme import block

sys.path.insert(0, f"{TOP}/tests/container")

import images  # noqa: E402
from engine import run  # noqa: E402


def test_readme_s_lines_in_somebodys_image(releases, tmp_path):
    os.mkdir(tmp_path / "overlay")
    directory, _ = images.overlay(str(tmp_path / "overlay"))
    os.makedirs(tmp_path / "context/release")
    for name in ("noarch", images.ARCHITECTURE[0], "symlinks-noarch"):
        shutil.copy(f"{directory}/s6-overlay-{name}.tar.xz", tmp_path / "context")
    for name in os.listdir(releases[0]):
        shutil.copy(f"{releases[0]}/{name}", tmp_path / "context/release")
    lines = block("An image with s6-overlay")
    assert "release/svcbroker-*.tar.xz" in lines[0]
    text = "\n".join([
        f"FROM {images.base()}",
        *[f"ADD s6-overlay-{name}.tar.xz /" for name in ("noarch", images.ARCHITECTURE[0], "symlinks-noarch")],
        "RUN useradd --uid 10000 --user-group --create-home --home-dir /opt/data hermes",
        *lines,
    ])
    result = run(images.containerfile("readme", text, str(tmp_path / "context")), "/usr/local/bin/svcctl", "health")
    assert (result.returncode, "healthy" in result.stdout) == (0, True), result.stdout + result.stderr
