# SPDX-License-Identifier: ISC
"""Makes the wheel, with nothing but the standard library: no setuptools, no network, and no file but the result.

    python3 _wheel.py [--version VERSION] [--depfile FILE] [--sdist] DIRECTORY

is what svcbrokerd's build runs; VERSION must be that of the package then. For pip this is the build backend of pyproject.toml
(PEP 517), so that `pip install` of this directory works as any user who can read it. A wheel, and a source distribution, depends on the
files in it and on SOURCE_DATE_EPOCH, and on nothing else: it is the same, byte for byte, wherever and whenever it is made.
"""

import argparse
import base64
import hashlib
import io
import os
import re
import struct
import sys
import tarfile
import time
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "svcbroker"
# At the root of the wheel, and so of where it is installed: with the last, Python loads the hook for Hermes.
ROOT = ("svcbroker_hermes.py", "svcbroker-hermes.pth")
SOURCE = ("LICENSE", "README.md", "_wheel.py", "pyproject.toml")
STORED_MAX = 0xFFFF  # bytes in a block of deflate's that is not compressed
EPOCH_MIN = 315532800  # 1980, the first that a zip file knows

METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: A client of svcbrokerd: the gateways of Hermes profiles, without being root
License: ISC
License-File: LICENSE
Classifier: License :: OSI Approved :: ISC License (ISCL)
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Classifier: Typing :: Typed
Requires-Python: >=3.9
Description-Content-Type: text/markdown

"""
WHEEL = "Wheel-Version: 1.0\nGenerator: svcbroker\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def _read(name):
    with open(os.path.join(HERE, name), "rb") as file:
        return file.read()


def _package():
    """The names of what is installed."""
    names = [name for name in os.listdir(f"{HERE}/{NAME}") if name.endswith(".py")]
    return [f"{NAME}/{name}" for name in sorted([*names, "py.typed"])] + list(ROOT)


def _version():
    return re.search(r'^__version__ = "([^"]+)"', _read(f"{NAME}/__init__.py").decode(), re.M)[1]


def _metadata():
    return METADATA.format(name=NAME, version=_version()).encode() + _read("README.md")


def _epoch():
    return max(int(os.environ.get("SOURCE_DATE_EPOCH") or EPOCH_MIN), EPOCH_MIN)


def _info():
    return f"{NAME}-{_version()}.dist-info"


def _dist_info():
    return {f"{_info()}/LICENSE": _read("LICENSE"), f"{_info()}/METADATA": _metadata(), f"{_info()}/WHEEL": WHEEL.encode()}


def _write_wheel(directory, files):
    record = "".join("{},sha256={},{}\n".format(
        name, base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("="), len(data)) for name, data in files.items())
    files = {**files, f"{_info()}/RECORD": (record + f"{_info()}/RECORD,,\n").encode()}
    name = f"{NAME}-{_version()}-py3-none-any.whl"
    # Not compressed: what comes out of a compressor depends on its version.
    with zipfile.ZipFile(os.path.join(directory, name), "w", zipfile.ZIP_STORED) as wheel:
        for member, data in files.items():
            entry = zipfile.ZipInfo(member, time.gmtime(_epoch())[:6])
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, data)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, {**{name: _read(name) for name in _package()}, **_dist_info()})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    # In the order of their names, so the hook finds the package.
    paths = {f"__editable__.{NAME}.pth": (HERE + "\n").encode(), ROOT[1]: _read(ROOT[1])}
    return _write_wheel(wheel_directory, {**paths, **_dist_info()})


def _stored(data):
    """As gzip has it, not compressed, for the same reason."""
    made = b"\x1f\x8b\x08\0" + struct.pack("<I", _epoch()) + b"\0\xff"
    for at in range(0, len(data), STORED_MAX):
        piece = data[at : at + STORED_MAX]
        made += struct.pack("<BHH", at + STORED_MAX >= len(data), len(piece), len(piece) ^ 0xFFFF) + piece
    return made + struct.pack("<II", zlib.crc32(data), len(data))


def build_sdist(sdist_directory, config_settings=None):
    base = f"{NAME}-{_version()}"
    files = {**{name: _read(name) for name in sorted([*SOURCE, *_package()])}, "PKG-INFO": _metadata()}
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{base}/{name}")
            member.size, member.mtime, member.mode = len(data), _epoch(), 0o644
            archive.addfile(member, io.BytesIO(data))
    with open(os.path.join(sdist_directory, f"{base}.tar.gz"), "wb") as file:
        file.write(_stored(plain.getvalue()))
    return f"{base}.tar.gz"


def _main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", default=_version())
    parser.add_argument("--depfile", help="for ninja: what the wheel is made of")
    parser.add_argument("--sdist", action="store_true", help="and the source distribution")
    parser.add_argument("directory")
    options = parser.parse_args()
    if options.version != _version():
        sys.exit(f"{HERE}/{NAME}/__init__.py: __version__ is {_version()}, and the project's {options.version}")
    name = os.path.join(options.directory, build_wheel(options.directory))
    if options.sdist:
        build_sdist(options.directory)
    if options.depfile:
        made_of = [f"{HERE}/{file}".replace(" ", "\\ ") for file in [*_package(), "LICENSE", "README.md", NAME]]
        with open(options.depfile, "w") as file:
            file.write(f"{name}: {' '.join(made_of)}\n")


def _leave_no_cache():
    """pip imports this from where it is. As root that leaves a file of Python's own, in a directory that is not pip's."""
    try:
        os.unlink(__spec__.cached)
        os.rmdir(os.path.dirname(__spec__.cached))
    except (OSError, AttributeError, TypeError):
        pass


if __name__ == "__main__":
    _main()
else:
    _leave_no_cache()
