# SPDX-License-Identifier: ISC
"""Hermes's own image, of a checkout of it (HERMES_SOURCE), from Debian's packages alone. Nothing of it is stubbed but what Debian does not have."""

import os

import images

SOURCE = os.environ.get("HERMES_SOURCE")
# What pyproject.toml needs, by Debian's names; what a suite does not have is left out.
PACKAGES = """python3 git openai fire dotenv httpx socksio rich tenacity yaml ruamel.yaml requests jinja2 pydantic croniter packaging markdown jwt urllib3
    cryptography certifi psutil websockets pathspec ptyprocess pil fastapi uvicorn multipart prompt-toolkit aiohttp setuptools""".split()
PATH = "/opt/hermes/bin:/opt/hermes/.venv/bin:/opt/data/.local/bin:" + images.PATH


def upstream_image(base, directory):
    """As its Dockerfile has it: s6-overlay, its services and init scripts, its PATH, its entry point."""
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
