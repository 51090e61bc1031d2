# SPDX-License-Identifier: ISC
"""Versions of s6-overlay: the one of a base under another, and what a container says whose services do not come up."""

import os
import shutil
import subprocess

import pytest

import images
from engine import HERE, podman, run

OLD, NEW = "3.2.3.0", "3.2.3.2"  # either side of the place that bundles have


@pytest.fixture(scope="session")
def both(tmp_path_factory):
    """The double by two versions; S6_OVERLAY_DIST_OLD and S6_OVERLAY_DIST_NEW: directories of real tarballs."""
    directory = tmp_path_factory.mktemp("overlays")
    for version, given in ((OLD, os.environ.get("S6_OVERLAY_DIST_OLD")), (NEW, os.environ.get("S6_OVERLAY_DIST_NEW"))):
        if given:
            shutil.copytree(given, directory / version)
        else:
            (directory / version).mkdir()
            subprocess.run([f"{HERE}/double/make", directory / version, version], check=True)
    return directory


def add(version):
    return "".join(f"        ADD {version}/s6-overlay-{name}.tar.xz /\n" for name in ("noarch", images.ARCHITECTURE[0], "symlinks-noarch"))


@pytest.mark.parametrize("first, second", [(OLD, NEW), (NEW, OLD), (NEW, NEW), (OLD, OLD)])
def test_over_another_version(base, broker_image, both, first, second):
    """A service of the base's own, in the bundle where its version has it, is there still."""
    place = "s6-rc.d" if first == OLD else "user-bundles.d"
    image = images.containerfile(f"over-{first}-{second}".replace(".", ""), f"""
        FROM {base}
        RUN useradd --uid 10000 --user-group --create-home --home-dir /opt/data hermes
{add(first)}
        RUN cd /etc/s6-overlay && mkdir s6-rc.d/of-the-base && echo oneshot >s6-rc.d/of-the-base/type \\
            && echo '/bin/touch /run/of-the-base' >s6-rc.d/of-the-base/up && touch {place}/user/contents.d/of-the-base
{add(second)}
        COPY --from={broker_image} / /
        RUN /usr/local/libexec/svcbroker/setup && /usr/local/libexec/svcbroker/setup
        ENV HERMES_HOME=/opt/data S6_BEHAVIOUR_IF_STAGE2_FAILS=2 S6_VERBOSITY=1
        ENTRYPOINT ["/usr/local/libexec/svcbroker/entry"]
    """, both)
    result = run(image, "sh", "-c", "svcctl health; ls /run/of-the-base; ls -d /package/admin/s6-overlay-[0-9]*")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1:] == ["/run/of-the-base", f"/package/admin/s6-overlay-{second}"]
    assert "deprecated" not in result.stderr


def test_services_that_do_not_come_up(image):
    """The container ends, and says so. Its image would not have been built with `setup' behind it."""
    text = f"""
        FROM {image}
        RUN mkdir -p /etc/s6-overlay/s6-rc.d/broken/contents.d && cd /etc/s6-overlay/s6-rc.d/broken && echo bundle >type && touch contents.d/nothing
    """
    of = images.containerfile("broken", text, HERE)
    result = run(of, "echo", "reached")
    assert (result.returncode, result.stdout) == (1, "")
    assert "undefined service name nothing" in result.stderr and "svcbroker: s6-overlay could not bring up the services" in result.stderr
    refused = podman("build", "--format", "docker", "--isolation", "chroot", "--file", "-", HERE, check=False,
                     input=f"FROM {of}\nRUN /usr/local/libexec/svcbroker/setup")
    assert refused.returncode != 0 and "a container of this image would run nothing" in refused.stdout + refused.stderr


def test_somebody_else_s_hook(image):
    result = run(image, "cat", "/run/hook", S6_STAGE2_HOOK="/bin/touch /run/hook")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


def test_without_an_overlay(base, broker_image):
    refused = podman("build", "--format", "docker", "--isolation", "chroot", "--file", "-", HERE, check=False,
                     input=f"FROM {base}\nCOPY --from={broker_image} / /\nRUN /usr/local/libexec/svcbroker/setup")
    assert refused.returncode != 0 and "there is no s6-overlay in this image" in refused.stdout + refused.stderr
