# SPDX-License-Identifier: ISC
"""What the pages, examples and messages tell root to run: by its path, since a PATH may lead to what hermes has put there."""

import glob
import re

import pytest
import yaml

from tree import TOP

PAGES = ["README.md", "client/python/README.md", "debian/svcbrokerd.README.Debian", *(f"docs/{name}" for name in ("image.md", "night.md", "clients.md")),
         "docker/compose.yaml", "docker/kubernetes.yaml", "docker/Dockerfile",
         *sorted(path.removeprefix(f"{TOP}/") for path in glob.glob(f"{TOP}/man/*.[1-8]"))]
EXEC = re.compile(r"(?:docker|podman|nerdctl|kubectl|compose(?: --\S+ \S+)*)\s+exec\s+([^`'\n]*)")
# Of the shell itself.
BUILTIN = {"cd", "echo", "exec", "exit", "test", "set", "umask", "ulimit", "printf", "export", "true"}


def read(path):
    with open(f"{TOP}/{path}") as file:
        return file.read()


def bare(command):
    """The programs of a shell's line that are called by name alone."""
    command = re.sub(r"'[^']*'", "''", command)
    words = [part.split()[0] for part in re.split(r"\|\|?|&&?|;|\$\(|\bsudo\b", re.sub(r"\d?>&?\d?\S*", "", command)) if part.split()]
    return [word for word in words if "/" not in word and word not in BUILTIN and "=" not in word]


def test_what_is_found():
    assert bare("svcctl health; echo $?") == ["svcctl"]
    assert bare("/bin/a b | grep 'x | y' >/dev/null 2>&1") == ["grep"]
    assert bare("X=1 && cd / && /bin/true; exit 1") == []
    assert EXEC.findall("`docker exec C svcctl list`, compose --file x.yaml exec hermes id") == ["C svcctl list", "hermes id"]


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("docker/")])
def test_commands_of_root(page):
    """Behind a # prompt: alone, in a block of a page, or in a manual."""
    found = []
    for line in read(page).splitlines():
        command = re.match(r"(?:    |\.Dl )?# (.*)", line)
        heading = re.match(r"# ([A-Z]|svcbroker)", line)
        if command and not heading:
            found += [(line, word) for word in bare(command[1])]
    assert not found


@pytest.mark.parametrize("page", PAGES)
def test_commands_for_the_container_s_runtime(page):
    """`docker exec` is root, unless it says whom; the words after the container's name are the command."""
    for words in EXEC.findall(read(page)):
        words = words.split()
        as_hermes = any(word in ("--user", "-u") for word in words) and "hermes" in words
        words = [word for word in words if not word.startswith("-") and word != "--"]
        if len(words) > 1 and not as_hermes and words[1] not in ("or", "is", "has", "gets"):
            assert words[1].startswith("/"), words


def test_health_checks():
    seen = 0
    for page in PAGES:
        for check in re.findall(r"^(?:HEALTHCHECK|ENTRYPOINT).*\[(.*)\]", read(page), re.M):
            seen += 1
            assert check.split(",")[0].strip().strip('"').startswith("/"), (page, check)
    assert seen >= 3


def test_probes():
    seen = 0
    for document in yaml.safe_load_all(read("docker/kubernetes.yaml")):
        if document["kind"] != "Deployment":
            continue
        for container in document["spec"]["template"]["spec"]["containers"]:
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                command = container.get(probe, {}).get("exec", {}).get("command")
                if command:
                    seen += 1
                    assert command[0].startswith("/")
                    assert command[1] != "-c" or bare(command[2]) == []
    assert seen == 2


def test_messages_that_name_a_tool_of_root_s():
    """Advice of the programs and remarks of the pages: s6's tools with an option are commands, and whoever may use them is root."""
    found = []
    for path in [*PAGES, *(name.removeprefix(f"{TOP}/") for top in ("daemon", "client", "s6-rc.d", "docker")
                           for name in glob.glob(f"{TOP}/{top}/**/*", recursive=True) if name.endswith((".c", ".h", ".py", ".in", "finish", "run")))]:
        for number, line in enumerate(read(path).splitlines(), 1):
            message = line if path in PAGES else "".join(re.findall(r'"[^"]*"|`[^`]*`', line))
            if path.endswith(".in") and not re.search(r"\becho\b|\brefuse\b|\bfail\b", line):
                continue
            if re.search(r"(?<![\w/@-])(?<!/)(s6-svc|s6-svscanctl|s6-svstat|s6-rc|s6-svunlink|s6-svlink) -\w", message):
                found.append(f"{path}:{number}: {line.strip()}")
    assert not found
