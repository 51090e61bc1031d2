# SPDX-License-Identifier: ISC
"""The images that the tests need, built by the real Dockerfile. What can be is kept between runs, by podman."""

import datetime
import os
import subprocess
import tempfile

from engine import ENVIRONMENT, HERE, TOP, podman

PREFIX = "localhost/svcbroker-test"
SUITE = "trixie"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHITECTURE = {"x86_64": ("x86_64", "X86_64"), "aarch64": ("aarch64", "AARCH64")}[os.uname().machine]


def base():
    """Debian as a release's image has it, which reaches packages the way this machine does. A new one each month."""
    image = f"{PREFIX}/base:{SUITE}-{datetime.date.today():%Y%m}"
    if podman("image", "exists", image, check=False).returncode == 0:
        return image
    made = subprocess.run([f"{TOP}/tests/install/debian-root", SUITE], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    script = 'tar -C "$1" -c . | podman import --change "ENV PATH=$3" - "$2"'
    subprocess.run(["bash", "-o", "pipefail", "-ec", script, "base", made.stdout.strip(), image, PATH], env=ENVIRONMENT, check=True,
                   stdout=subprocess.DEVNULL)
    return image


def overlay(directory):
    """The tarballs of s6-overlay: S6_OVERLAY_DIST, or made from the double beside this file. -> (directory, {name: sum})."""
    given = os.environ.get("S6_OVERLAY_DIST")
    if not given:
        subprocess.run([f"{HERE}/double/make", directory], check=True)
        given = directory
    sums = {}
    # With real releases there is no such file, and the Dockerfile's own sums hold.
    if os.path.exists(f"{given}/SHA256SUMS"):
        with open(f"{given}/SHA256SUMS") as file:
            for line in file:
                value, name = line.split()
                sums[name.removeprefix("s6-overlay-").removesuffix(".tar.xz")] = value
    return os.path.abspath(given), sums


def sum_arguments(sums):
    variables = {"noarch": "NOARCH", ARCHITECTURE[0]: ARCHITECTURE[1], "symlinks-noarch": "SYMLINKS_NOARCH"}
    return [word for name, value in sums.items() if name in variables
            for word in ("--build-arg", f"S6_OVERLAY_{variables[name]}_SHA256={value}")]


def build_image(name, *arguments, **options):
    """(podman's result, the image's number). Its name only keeps it: another run, of another checkout, gives it to an image of its own."""
    with tempfile.NamedTemporaryFile("r") as number:
        result = podman("build", "--format", "docker", "--isolation", "chroot", "--network", "host", "--iidfile", number.name,
                        "--tag", f"{PREFIX}/{name}", *arguments, **options)
        return result, number.read().strip().removeprefix("sha256:")


def build(target, name, *arguments, check=True):
    """podman build of the real Dockerfile; the image, or with check=False the result."""
    result, image = build_image(name, "--target", target, "--build-arg", f"BUILD_BASE={base()}", *arguments, "--file", "docker/Dockerfile", ".",
                                cwd=TOP, check=check)
    return image if check else result


def build_hermes(name, on, dist, *arguments, check=True):
    directory, sums = dist
    return build("hermes", name, "--volume", f"{directory}:/s6-overlay:ro", "--build-arg", "S6_OVERLAY_URL=file:///s6-overlay",
                 "--build-arg", f"BASE={on}", *sum_arguments(sums), *arguments, check=check)


def containerfile(name, text, context):
    """A small image of a test's own."""
    return build_image(name, "--file", "-", context, input=text)[1]
