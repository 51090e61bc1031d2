# SPDX-License-Identifier: ISC
"""sbom.py VERSION URL EPOCH LIBRARIES INSTALLED: what a release is made of, as SPDX 2.3 in JSON. URL is where it can be read about.
LIBRARIES/NAME/about is what tools/musl wrote of each library: its name, version, licence, where its source is, and that one's sum, a line
each. INSTALLED is what is in the tarballs."""

import hashlib
import json
import os
import sys
import time

LIBRARIES = ("json-c", "libcap", "libseccomp", "libuv", "libyaml", "musl")
STATIC = ("sbin/svcbrokerd", "bin/svcctl", "libexec/svcbroker/svcbroker-slot", "lib/libsvcbroker.a")


def package(identifier, name, version, licence, location, sum_):
    made = {"SPDXID": identifier, "name": name, "versionInfo": version, "downloadLocation": location or "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION"}
    if sum_:
        made["checksums"] = [{"algorithm": "SHA256", "checksumValue": sum_}]
    return made


def library(directory, name):
    with open(f"{directory}/{name}/about", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def file_entry(installed, name):
    with open(f"{installed}/usr/local/{name}", "rb") as file:
        content = file.read()
    sums = [{"algorithm": algorithm.upper(), "checksumValue": hashlib.new(algorithm, content).hexdigest()} for algorithm in ("sha1", "sha256")]
    return {"SPDXID": "SPDXRef-File-" + os.path.basename(name), "fileName": f"./usr/local/{name}", "checksums": sums, "licenseConcluded": "NOASSERTION",
            "copyrightText": "NOASSERTION"}


def main(version, url, epoch, directory, installed):
    found = [library(directory, name) for name in LIBRARIES]
    packages = [{**package("SPDXRef-svcbroker", "svcbroker", version, "ISC", "", ""), "homepage": url}]
    packages += [package(f"SPDXRef-{name}", name, number, licence, location, sum_) for name, number, licence, location, sum_ in found]
    files = [file_entry(installed, name) for name in STATIC]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-svcbroker")]
    relations += [("SPDXRef-svcbroker", "STATIC_LINK", f"SPDXRef-{name}") for name in LIBRARIES]
    relations += [("SPDXRef-svcbroker", "CONTAINS", entry["SPDXID"]) for entry in files]
    digest = hashlib.sha256(json.dumps([packages, files], sort_keys=True).encode()).hexdigest()
    json.dump({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"svcbroker-{version}",
        "documentNamespace": url.rstrip("/") + f"/spdx/svcbroker-{version}-{digest[:32]}",
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(epoch))), "creators": [f"Tool: svcbroker-release-{version}"]},
        "packages": packages,
        "files": files,
        "relationships": [{"spdxElementId": of, "relationshipType": kind, "relatedSpdxElement": to} for of, kind, to in relations],
    }, sys.stdout, indent=1, sort_keys=True)
    print()


main(*sys.argv[1:])
