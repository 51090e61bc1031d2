# SPDX-License-Identifier: ISC
"""What the Dockerfile builds."""

import subprocess

import pytest

import images
from engine import TOP, podman, run


@pytest.fixture
def broker_root(broker_image):
    yield podman("image", "mount", broker_image).stdout.strip()
    podman("image", "unmount", broker_image)


def find(root, *arguments):
    return subprocess.run(["find", ".", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.split()


def test_broker_is_nothing_but_the_installed_files(broker_root):
    files = find(broker_root, "!", "-type", "d", "-printf", "/%P\n")
    assert {"/usr/local/sbin/svcbrokerd", "/usr/local/bin/svcctl", "/usr/local/share/svcbroker/gateway/run",
            "/usr/local/lib/pkgconfig/libsvcbroker.pc", "/etc/s6-overlay/s6-rc.d/svcbrokerd/run",
            "/etc/s6-overlay/s6-rc.d/user/contents.d/svcbrokerd-pipeline"} <= set(files)
    assert [name for name in files if not name.startswith(("/usr/local/", "/etc/s6-overlay/s6-rc.d/"))] == []
    assert find(broker_root, "(", "-perm", "/6022", "-o", "!", "-uid", "0", "-o", "!", "-gid", "0", ")", "!", "-type", "l") == []


def test_programs_need_nothing(broker_root):
    for name in ("sbin/svcbrokerd", "bin/svcctl", "libexec/svcbroker/svcbroker-slot"):
        headers = subprocess.run(["readelf", "-dl", f"{broker_root}/usr/local/{name}"], capture_output=True, text=True, check=True).stdout
        assert "FLAGS_1" in headers and "NEEDED" not in headers and "INTERP" not in headers, (name, headers)
    assert find(broker_root, "-name", "*.so*") == []
    notices = {name.rpartition(".")[2] for name in find(broker_root, "-path", "*/licenses/svcbroker/LICENSE.*")}
    assert notices == {"json-c", "libcap", "libseccomp", "libuv", "libyaml", "musl"}


def test_one_line_in_somebodys_image(broker_image, base, dist):
    """Any image with s6-overlay and a user hermes: COPY --from is all that it needs."""
    directory, _ = dist
    text = f"""
        FROM {base}
        ADD s6-overlay-noarch.tar.xz /
        ADD s6-overlay-{images.ARCHITECTURE[0]}.tar.xz /
        ADD s6-overlay-symlinks-noarch.tar.xz /
        RUN useradd --uid 10000 --user-group --create-home --home-dir /opt/data hermes
        COPY --from={broker_image} / /
        ENTRYPOINT ["/init"]
    """
    image = images.containerfile("somebodys", text, directory)
    result = run(image, "svcctl", "health")
    assert (result.returncode, "healthy" in result.stdout) == (0, True), result.stdout + result.stderr


def test_wrong_sum_fails(application, dist):
    directory, sums = dist
    wrong = {**sums, "noarch": "0" * 64}
    result = images.build_hermes("wrong", application, (directory, wrong), check=False)
    assert result.returncode != 0
    assert "s6-overlay-noarch.tar.xz: FAILED" in result.stdout + result.stderr


def test_unknown_architecture_fails(application, dist):
    result = images.build_hermes("wrong", application, dist, "--build-arg", "TARGETARCH=riscv64", check=False)
    assert result.returncode != 0
    assert "only amd64 and arm64" in result.stdout + result.stderr


def test_setup_twice_changes_nothing(image):
    script = "find /etc/s6-overlay /etc/cont-init.d /usr/local -printf '%p %m %l\\n' | sort"
    result = run(image, "-c", f"{script} >/tmp/1; /usr/local/libexec/svcbroker/setup; {script} | diff /tmp/1 -",
                 options=("--entrypoint", "/bin/sh"))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_versions(image):
    with open(f"{TOP}/meson.build") as file:
        version = next(line.split("'")[1] for line in file if line.strip().startswith("version:"))
    for program in ("sbin/svcbrokerd", "bin/svcctl"):
        lines = run(image, f"/usr/local/{program}", "--version").stdout.splitlines()
        assert f"{program.partition('/')[2]} {version}" in lines
