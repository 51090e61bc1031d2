# SPDX-License-Identifier: ISC
"""What the code still owes to the law: debts.json, by rule, then by place, with a number. It only shrinks.

A finding that is in no debt fails, and so does one of which there is more than there was; a debt that is paid has to be struck out.
Paid debts are struck out by `HOUSE_RENEW=1 pytest tests/house`, which also takes up new ones: look at what it changed.
"""

import json
import os
import pathlib

FILE = pathlib.Path(__file__).with_name("debts.json")


def _load():
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def settle(rule, found):
    """found: place -> the findings there, each a line of text."""
    found = {place: lines for place, lines in found.items() if lines}
    debts = _load()
    if os.environ.get("HOUSE_RENEW"):
        debts[rule] = {place: len(lines) for place, lines in sorted(found.items())}
        debts = {name: places for name, places in sorted(debts.items()) if places}
        FILE.write_text(json.dumps(debts, indent=1) + "\n")
        return
    owed = debts.get(rule, {})
    wrong = []
    for place, lines in sorted(found.items()):
        if len(lines) > owed.get(place, 0):
            wrong += [f"{place}: {line}" for line in lines]
    wrong += [f"debts.json: {rule}: {place} is paid: strike it out" for place in owed if place not in found]
    assert not wrong, "\n".join([rule, *wrong])
