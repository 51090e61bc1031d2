"""Hermes itself, where HERMES_SOURCE=DIRECTORY is a checkout of it: an image as its own Dockerfile makes one, from Debian's packages alone, and
ours on that. Nothing of it is stubbed but what Debian does not have."""

import json
import os
import re

import pytest

import images
from engine import podman, run, until

SOURCE = os.environ.get("HERMES_SOURCE")
pytestmark = pytest.mark.skipif(not SOURCE, reason="HERMES_SOURCE: a checkout of Hermes")
# What pyproject.toml needs, by Debian's names; what a suite does not have is left out.
PACKAGES = """python3 git openai fire dotenv httpx socksio rich tenacity yaml ruamel.yaml requests jinja2 pydantic croniter packaging markdown jwt urllib3
    cryptography certifi psutil websockets pathspec ptyprocess pil fastapi uvicorn multipart prompt-toolkit aiohttp setuptools""".split()
PATH = "/opt/hermes/bin:/opt/hermes/.venv/bin:/opt/data/.local/bin:" + images.PATH


@pytest.fixture(scope="session")
def upstream(base, dist):
    """As its Dockerfile has it: s6-overlay, its services and init scripts, its PATH, its entry point."""
    directory, _ = dist
    packages = " ".join(name if name in ("python3", "git") else f"python3-{name}" for name in PACKAGES)
    adds = "".join(f"        ADD s6-overlay-{name}.tar.xz /\n" for name in ("noarch", images.ARCHITECTURE[0], "symlinks-noarch"))
    overlay = images.containerfile("upstream-overlay", f"""
        FROM {base}
        RUN apt-get update && apt-get install -y --no-install-recommends \\
            $(for name in {packages}; do apt-cache show "$name" >/dev/null 2>&1 && echo "$name"; done) && rm -rf /var/lib/apt/lists/*
{adds}
        RUN useradd -u 10000 -m -d /opt/data hermes
    """, directory)
    return images.containerfile("upstream", f"""
        FROM {overlay}
        COPY . /opt/hermes
        RUN cd /opt/hermes && python3 -m venv --system-site-packages --without-pip .venv \\
            && echo /opt/hermes >"$(.venv/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/hermes.pth" \\
            && printf '#!/opt/hermes/.venv/bin/python3\\nimport sys\\nfrom hermes_cli.main import main\\nsys.exit(main())\\n' >.venv/bin/hermes \\
            && mkdir -p bin /etc/cont-init.d /etc/s6-overlay/s6-rc.d && cp docker/hermes-exec-shim.sh bin/hermes && chmod 755 bin/hermes .venv/bin/hermes \\
            && cp -R docker/s6-rc.d/. /etc/s6-overlay/s6-rc.d && cp docker/cont-init.d/* /etc/cont-init.d \\
            && printf '#!/command/with-contenv sh\\nexec /opt/hermes/docker/stage2-hook.sh\\n' >/etc/cont-init.d/01-hermes-setup \\
            && chmod -R a+rX,go-w /opt/hermes && chmod 755 /etc/cont-init.d/* docker/*.sh && echo docker >.install_method
        ENV HERMES_HOME=/opt/data HERMES_WRITE_SAFE_ROOT=/opt/data HERMES_DISABLE_LAZY_INSTALLS=1 PATH={PATH}
        WORKDIR /opt/hermes
        ENTRYPOINT ["/init", "/opt/hermes/docker/main-wrapper.sh"]
    """, SOURCE)


@pytest.fixture(scope="session")
def real(upstream, dist):
    return images.build_hermes("real-hermes", upstream, dist)


@pytest.fixture
def hermes(start, real):
    """One container of it; hermes(word, ...) is its command line, as docker exec has it."""
    container = start("sleep", "infinity", of=real)
    container.hermes = lambda *words, check=True: container.exec("hermes", *words, user="root", check=check)
    return container


def want(container, name):
    return container.service(f"gateway-{name}")["want"]


def test_its_own_image_starts(upstream):
    """So what differs below is ours."""
    result = run(upstream, "version")
    assert result.returncode == 0 and "Hermes" in result.stdout, result.stdout + result.stderr


def test_stdout_is_the_command_s(real):
    result = run(real, "hermes", "version")
    with open(f"{SOURCE}/pyproject.toml", encoding="utf-8") as file:
        version = re.search(r'^version = "([^"]+)"', file.read(), re.MULTILINE)[1]
    assert result.returncode == 0 and version in result.stdout, result.stdout + result.stderr
    assert "main: " not in result.stdout


def test_the_life_of_a_profile(hermes):
    """Its command line, unmodified: create, start, restart, stop, all, delete."""
    hermes.hermes("profile", "create", "coder")
    hermes.hermes("profile", "create", "writer")
    assert want(hermes, "coder") == want(hermes, "writer") == "down"
    hermes.hermes("-p", "coder", "gateway", "start")
    assert want(hermes, "coder") == "up"
    until(lambda: hermes.service("gateway-coder").get("pid"), "it runs")
    hermes.hermes("gateway", "restart", "--all")
    assert (want(hermes, "coder"), want(hermes, "writer")) == ("up", "down")
    hermes.hermes("-p", "coder", "gateway", "stop")
    assert want(hermes, "coder") == "down"
    hermes.hermes("profile", "delete", "writer", "-y")
    assert "writer" not in hermes.svcctl("list").stdout


def test_a_typo(hermes):
    result = hermes.hermes("-p", "nobody", "gateway", "start", check=False)
    assert result.returncode != 0 and "Traceback" not in result.stderr


def test_rename(hermes):
    hermes.hermes("profile", "create", "coder")
    hermes.hermes("-p", "coder", "gateway", "start")
    hermes.hermes("profile", "rename", "coder", "poet")
    until(lambda: hermes.svcctl("reconcile", check=False).returncode == 0, "the old one's gateway has ended")
    until(lambda: "gateway-poet" in hermes.svcctl("list").stdout, "the new name has its slot")
    until(lambda: "coder" not in hermes.svcctl("list").stdout or hermes.service("gateway-coder")["state"] in ("held", "down"), "the old one does not loop")


def test_two_containers_on_one_volume(start, real, tmp_path):
    tmp_path.chmod(0o777)
    options = ("--volume", f"{tmp_path}:/opt/data")
    first = start("sleep", "infinity", of=real, options=options)
    first.exec("hermes", "profile", "create", "coder", user="root")
    first.svcctl("start", "coder", "--no-wait")
    until(lambda: first.service("gateway-coder").get("pid"), "it runs")
    second = start("sleep", "infinity", of=real, options=options)
    until(lambda: second.service("gateway-coder")["state"] == "held", "the second holds it")
    assert second.svcctl("start", "coder", check=False).returncode == 7


def test_another_number_on_the_same_volume(start, real, tmp_path):
    tmp_path.chmod(0o777)
    for number in ("10000", "1234"):
        container = start("sleep", "infinity", of=real, options=("--volume", f"{tmp_path}:/opt/data"), HERMES_UID=number)
        assert container.exec("hermes", "profile", "list", user="root").returncode == 0
        assert os.stat(tmp_path / "logs").st_uid == int(number)
        container.remove()


def test_a_restart_of_the_container(hermes):
    hermes.hermes("profile", "create", "coder")
    hermes.hermes("-p", "coder", "gateway", "start")
    hermes.restart().until_ready()
    assert want(hermes, "coder") == "up"
    states = json.loads(hermes.svcctl("--json", "list").stdout)["services"]
    assert {"gateway-default", "gateway-coder"} <= {service["name"] for service in states}
