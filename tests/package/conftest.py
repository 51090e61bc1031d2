# SPDX-License-Identifier: ISC
"""The Debian packages, built twice in a fresh root: as README says, and by an ordinary user, who has the unit tests run. SVCBROKER_PACKAGES_RELEASE: of
this release of Debian's, not this machine's; SVCBROKER_PACKAGES: a directory for the result; SVCBROKER_PACKAGES_OPTIONS: DEB_BUILD_OPTIONS of the first
build (nocheck: once is enough). SVCBROKER_CHECK_ALL: both releases, and arm64."""

import io
import os
import re
import subprocess
import sys
import tarfile

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{TOP}/tests/install")

from readme import block, copy_checkout  # noqa: E402
from roots import Root, layers  # noqa: E402

CHECKOUT = "/root/svcbroker"
# The same from another place, with all else that could make a difference.
ELSEWHERE = "/srv/another/place/that-is/longer"
BUILDER = "builder"
# One source is for two releases: Standards-Version is the older one's, whose lintian refuses that of the other.
OF_A_LATER_ONE = "out-of-date-standards-version"
ALL = "SVCBROKER_CHECK_ALL" in os.environ


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the tests of packages make roots and namespaces: run them as root", 2)


def releases():
    given = os.environ.get("SVCBROKER_PACKAGES_RELEASE")
    if given or ALL:
        return [given] if given else ["bookworm", "trixie"]
    with open("/etc/os-release", encoding="utf-8") as file:
        return re.findall(r'^VERSION_CODENAME="?(\w+)', file.read(), re.M)


@pytest.fixture(scope="session", params=releases())
def release(request):
    return request.param


def names(field):
    """Of the packages of a field like Depends, without their versions."""
    return [re.sub(r"[ :(<|].*", "", word.strip()) for word in field.split(",") if word.strip() and "${" not in word]


def fields(name, path):
    """Of that name, in a file of paragraphs."""
    with open(f"{TOP}/{path}", encoding="utf-8") as file:
        return re.findall(rf"^{name}: ((?:.*\n)(?:[ \t].*\n)*)", file.read(), re.M)


def root_with(release, packages, directory, *process_1, **options):
    """With these packages of Debian's, and apt asking nothing."""
    made = Root(layers(release, f"apt-get update && apt-get install {' '.join(sorted(packages))}"), directory, *process_1, **options)
    made.run("""echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/assume-yes""")
    return made


class Packages:
    """The files that dpkg-buildpackage made, {name of the file: bytes}, and what it said."""

    def __init__(self, tar, printed):
        self.printed = printed
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            self.files = {os.path.basename(member.name): archive.extractfile(member).read() for member in archive if member.isfile()}

    def debs(self):
        return {name: data for name, data in self.files.items() if name.endswith(".deb")}

    def put(self, root, directory):
        root.run(f"mkdir -p {directory}")
        for name, data in self.files.items():
            with open(f"/proc/{root.pid}/root{directory}/{name}", "wb") as file:
                file.write(data)


def build(root, checkout, lines, environment, user="root"):
    root.run(f"mkdir -p {checkout}")
    root.unpack(checkout, copy_checkout())
    root.run(f"chown -R {user}: {os.path.dirname(checkout)}")
    printed = "".join(root.run(f"{environment}; {line}", cwd=checkout, user=user) for line in lines)
    root.run("mkdir made && mv svc*_* lib*_* python3*_* made", cwd=os.path.dirname(checkout))
    return Packages(root.pack(f"{os.path.dirname(checkout)}/made"), printed)


def keep(packages):
    """Where somebody wants to have them."""
    directory = os.environ.get("SVCBROKER_PACKAGES")
    if directory:
        os.makedirs(directory, exist_ok=True)
        for name, data in packages.files.items():
            with open(f"{directory}/{name}", "wb") as file:
                file.write(data)


@pytest.fixture(scope="session")
def built(release, tmp_path_factory):
    """As README says; then once more, with the source package and the unit tests, as machines that build packages do it."""
    provided = {"debhelper-compat": "debhelper", "dh-sequence-python3": "dh-python"}
    needed = [provided.get(name, name) for name in names(fields("Build-Depends", "debian/control")[0])]
    options = os.environ.get("SVCBROKER_PACKAGES_OPTIONS", "nocheck")
    root = root_with(release, [*needed, "build-essential"], tmp_path_factory.mktemp("build") / "root")
    try:
        root.run(f"useradd {BUILDER}")
        lines = block("Debian")[:2]
        first = build(root, CHECKOUT, lines, f"export DEB_BUILD_OPTIONS='{options}'")
        again = lines[1].replace("--build=binary", "--build=full")
        second = build(root, ELSEWHERE, [again], "umask 027; export TZ=Asia/Kolkata LC_ALL=C HOME=/tmp", BUILDER)
    finally:
        root.end()
    if not ALL:
        keep(first)
    return first, second


@pytest.fixture(scope="session")
def packages(built):
    return built[0]


@pytest.fixture(scope="session")
def needed(packages, tmp_path_factory):
    """What ours need of Debian's."""
    directory = tmp_path_factory.mktemp("debs")
    found = set()
    for name, data in packages.debs().items():
        if "-dbgsym" in name:
            continue
        (directory / name).write_bytes(data)
        said = subprocess.run(["dpkg-deb", "--field", directory / name, "Depends"], check=True, stdout=subprocess.PIPE, text=True).stdout
        found |= set(names(said))
    return found - {name.partition("_")[0] for name in packages.debs()}


def lintian(release, packages, directory):
    """It has nothing to say against them."""
    root = root_with(release, {"lintian"}, directory / "root")
    try:
        packages.put(root, "/debs")
        said = root.run(f"lintian --pedantic --display-info --fail-on error,warning,info,pedantic --suppress-tags {OF_A_LATER_ONE} /debs/*.changes", check=False)
        assert said.returncode == 0, said.stdout
    finally:
        root.end()
