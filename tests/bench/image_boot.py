# SPDX-License-Identifier: ISC
"""How long a container takes from `podman run` to its command: Hermes's own image, which writes its gateways' service directories by a script
of its own, and ours on that one. Rows of tools/bench: what, ours, beside it, ratio.

image_boot.py ROUNDS PROFILES...; HERMES_SOURCE and S6_OVERLAY_DIST as the tests of the image take them."""

import pathlib
import shutil
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "container"))

import images  # noqa: E402
from engine import podman, run_arguments  # noqa: E402
from upstream import upstream_image  # noqa: E402

OWNER = 10000  # hermes's uid in both images


def volume(directory, count):
    """A volume with that many profiles that are down, as Hermes leaves them."""
    for number in range(count):
        profile = directory / "profiles" / f"bench-{number}"
        profile.mkdir(parents=True)
        (profile / "SOUL.md").touch()
    for path in [directory, *directory.rglob("*")]:
        shutil.chown(path, OWNER, OWNER)


def run_sec(image, directory, *options):
    """Seconds from podman's start to the first thing that the command does."""
    began = time.time()
    result = podman("run", "--rm", "--volume", f"{directory}:/opt/data", *run_arguments(image, ("date", "+%s.%N"), options, {}))
    return float(result.stdout.split()[-1]) - began


def measure(rounds, counts, theirs, ours):
    for count in counts:
        taken = {theirs: [], ours: [], "floor": []}
        for _ in range(rounds):
            for image in (theirs, ours):
                with tempfile.TemporaryDirectory() as directory:
                    pathlib.Path(directory).chmod(0o755)
                    volume(pathlib.Path(directory), count)
                    run_sec(image, directory)  # what it does once for a volume is not what a start costs
                    taken[image].append(run_sec(image, directory))
                    if image == theirs:
                        taken["floor"].append(run_sec(image, directory, "--entrypoint", ""))
        floor, beside, own = (statistics.median(taken[key]) for key in ("floor", theirs, ours))
        ratio = statistics.median(mine / other for mine, other in zip(taken[ours], taken[theirs]))
        print(f"from run to the command, {count} profiles down / Hermes's own image ({floor:.2f} s without any init)\t{own:.2f} s\t{beside:.2f} s\t{ratio:.2f}",
              flush=True)


def main():
    rounds, *counts = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as directory:
        dist = images.overlay(directory)
        theirs = upstream_image(images.base(), dist[0])
        measure(rounds, counts, theirs, images.build_hermes("real-hermes", theirs, dist))


if __name__ == "__main__":
    main()
