#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""count.py FILE...: adds up the tests in JUnit files of pytest (.xml) and test logs of meson (.json), and names what failed. "left out: WHAT"
in place of a file is one that was skipped, and is said.

The last line is "N passed, N failed", with ", N skipped" where there were any. Exits 1 when a test failed, when none ran, or
when a file is missing, which counts as a failure.
"""

import json
import sys
import xml.etree.ElementTree


def junit(path):
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        name = f"{case.get('classname')}.{case.get('name')}"
        yield name, "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"


def meson(path):
    with open(path) as file:
        for line in file:
            test = json.loads(line)
            yield test["name"], {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped", "INTERRUPT": "skipped"}.get(test["result"], "failed")


def main(paths):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        if path.startswith("left out: "):
            print(path)
            count["skipped"] += 1
            continue
        try:
            results = list((junit if path.endswith(".xml") else meson)(path))
        except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError) as error:
            print(f"{path}: did not run to its end: {error}")
            results = [(path, "failed")]
        for name, result in results:
            count[result] += 1
            if result == "failed":
                print(f"failed: {name} ({path})")
    print(f"{count['passed']} passed, {count['failed']} failed" + (f", {count['skipped']} skipped" if count["skipped"] else ""))
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
