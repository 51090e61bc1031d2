# SPDX-License-Identifier: ISC
"""What tools/release makes: the same twice, whole, and enough for a root that has nothing but s6 and a shell."""

import filecmp
import json
import os
import re
import subprocess
import tarfile

from conftest import EPOCH, TOP, URL
from roots import until

GATEWAY = """#!/bin/sh
trap 'exit 0' TERM
echo "a gateway: $*"
while :; do
    sleep 1 &
    wait $!
done
"""


def members(tarballs):
    return {os.path.basename(path).split("-", 2)[2].split(".")[0]: tarfile.open(path).getmembers() for path in tarballs}


def test_the_same_twice(releases):
    names = sorted(os.listdir(releases[0]))
    assert len(names) == 6 and names == sorted(os.listdir(releases[1])) and "SHA256SUMS" in names
    assert filecmp.cmpfiles(*releases, names, shallow=False) == (names, [], [])
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=releases[0], check=True)


def test_what_is_in_them(tarballs):
    found = members(tarballs)
    assert sorted(found) == sorted(["noarch", os.uname().machine])
    every = [member for inside in found.values() for member in inside]
    assert {member.uid or member.gid for member in every} == {0} and {member.mtime for member in every} == {int(EPOCH)}
    assert [member.name for member in every if member.mode & 0o6022 or not (member.isfile() or member.isdir())] == []
    # No entry for a directory that others have, too: as they are, and whatever they are, they stay.
    for member in every:
        assert member.name.startswith(("usr/local/", "etc/s6-overlay/s6-rc.d/"))
        assert not member.isdir() or "/svcbroker" in member.name or "/s6-rc.d/" in member.name, member.name
    native = {member.name for member in found[os.uname().machine]}
    assert {"usr/local/sbin/svcbrokerd", "usr/local/bin/svcctl", "usr/local/libexec/svcbroker/svcbroker-slot",
            "usr/local/lib/libsvcbroker.a"} < native
    assert [member.name for member in found["noarch"] if member.isfile() and member.name.startswith(("usr/local/bin", "usr/local/sbin", "usr/local/lib/"))] == []
    assert {"usr/local/share/licenses/svcbroker/LICENSE", "usr/local/share/svcbroker/gateway/run"} < {member.name for member in found["noarch"]}


def libraries():
    """{name: version} that tools/musl has for the programs."""
    with open(f"{TOP}/tools/musl", encoding="utf-8") as file:
        lines = re.search(r"^libraries='\n(.*?)^'", file.read(), re.M | re.S)[1].splitlines()
    return {line.split()[0]: line.split() for line in lines}


def test_whose_work_it_is(releases, tarballs):
    """A notice of each library in the programs, and the list of them with versions and sums."""
    notices = {member.name.rpartition(".")[2] for inside in members(tarballs).values() for member in inside if "/LICENSE." in member.name}
    assert notices == {*libraries(), "musl"}
    (name,) = [name for name in os.listdir(releases[0]) if name.endswith(".spdx.json")]
    with open(f"{releases[0]}/{name}", encoding="utf-8") as file:
        document = json.load(file)
    assert document["documentNamespace"].startswith(f"{URL}spdx/svcbroker-")
    assert document["spdxVersion"] == "SPDX-2.3" and document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    packages = {package["name"]: package for package in document["packages"]}
    assert set(packages) == {"svcbroker", "musl", *libraries()} and packages["svcbroker"]["homepage"] == URL
    for name, (_, version, licence, archive, digest, _) in libraries().items():
        assert (packages[name]["versionInfo"], packages[name]["licenseDeclared"]) == (version, licence)
        assert packages[name]["downloadLocation"].endswith(archive) and packages[name]["checksums"][0]["checksumValue"] == digest
    known = {"SPDXRef-DOCUMENT", *(entry["SPDXID"] for entry in document["packages"] + document["files"])}
    assert all({relation["spdxElementId"], relation["relatedSpdxElement"]} <= known for relation in document["relationships"])


def test_programs_need_nothing(tarballs, tmp_path):
    for path in tarballs:
        subprocess.run(["tar", "-C", tmp_path, "-xJf", path], check=True)
    for name in ("sbin/svcbrokerd", "bin/svcctl", "libexec/svcbroker/svcbroker-slot"):
        program = f"{tmp_path}/usr/local/{name}"
        headers = subprocess.run(["readelf", "-hdlS", program], check=True, capture_output=True, text=True).stdout
        assert "NEEDED" not in headers and "INTERP" not in headers and ".symtab" not in headers
        assert re.search(r"Type: +DYN", headers) and "BIND_NOW" in headers and re.search(r"GNU_STACK.*\n.* RW ", headers)
        with open(program, "rb") as file:
            text = file.read()
        assert TOP.encode() not in text and (URL.encode() in text) == (name == "sbin/svcbrokerd")
    symbols = subprocess.run(["nm", "-g", "--defined-only", f"{tmp_path}/usr/local/lib/libsvcbroker.a"], check=True, capture_output=True, text=True).stdout
    with open(f"{TOP}/client/lib/svcbroker.map", encoding="utf-8") as file:
        assert sorted(re.findall(r" T (\w+)$", symbols, re.M)) == sorted(re.findall(r"^\s+(svcbroker_\w+);", file.read(), re.M))
    assert len(re.findall(r" [A-Z] ", symbols)) == len(re.findall(r" T ", symbols))


def test_the_archive_is_linked(tarballs, tmp_path):
    """Each example of the C library, with the compiler that it was made with."""
    for path in tarballs:
        subprocess.run(["tar", "-C", tmp_path, "-xJf", path], check=True)
    root = subprocess.run([f"{TOP}/tools/musl"], check=True, capture_output=True, text=True).stdout.strip()
    local = f"{tmp_path}/usr/local"
    subprocess.run([f"{root}/bin/cc", "-static-pie", "-Wall", "-Werror", f"-I{local}/include", "-o", f"{tmp_path}/restart",
                    f"{TOP}/docs/examples/restart.c", f"-L{local}/lib", "-lsvcbroker"], check=True)
    ran = subprocess.run([f"{tmp_path}/restart", "gateway-nobody"], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (1, "restart: No such file or directory\n")


def test_a_tree_and_a_gateway(root):
    with open(f"/proc/{root.pid}/root/tmp/hermes", "w") as file:
        file.write(GATEWAY)
    root.run("mkdir -p /opt/hermes/.venv/bin && cp /tmp/hermes /opt/hermes/.venv/bin/ && chmod 755 /opt/hermes/.venv/bin/hermes")
    root.run("cp -R /etc/s6-overlay/s6-rc.d/svcbrokerd /run/service/ && /command/s6-svscanctl -a /run/service")
    until(lambda: root.run("svcctl list", check=False, user="hermes").returncode == 0, "the broker answers")
    root.run("svcctl start coder", user="hermes")
    until(lambda: "a gateway: " in root.run("svcctl logs coder", check=False, user="hermes").stdout, "the gateway's log")
    assert json.loads(root.run("svcctl --json status coder", user="hermes"))["service"]["state"] == "up"
    doctor = json.loads(root.run("svcctl --json doctor", check=False).stdout)
    checks = {check["name"]: check for check in doctor["checks"]}
    assert checks["seccomp"]["verdict"] == "ok" and "off" not in checks["seccomp"]["detail"], checks["seccomp"]
    root.run("svcctl restart coder && svcctl stop coder", user="hermes")
    assert json.loads(root.run("svcctl --json status coder", check=False).stdout)["service"]["state"] == "down"
