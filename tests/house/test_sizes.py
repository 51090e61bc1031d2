# SPDX-License-Identifier: ISC
"""A file over 400 lines, or a function over 60, is a smell. What has a reason to be longer is in law.py, with the reason and a bound."""

import debts
import law
import source


def check(rule, lines_of, limit, excused):
    found, wrong = {}, []
    for name, lines in lines_of.items():
        bound, reason = excused.get(name, (limit, "."))
        if lines > bound:
            found[name] = [f"has {lines} lines, over {bound}: do two jobs share it? If it has a reason, say it in law.py"]
        elif name in excused and lines <= limit:
            wrong.append(f"law.py: {name} has {lines} lines: strike it out")
        if not reason.endswith("."):
            wrong.append(f"law.py: {name}: its reason is no sentence")
    wrong += [f"law.py: {name} is not there any more: strike it out" for name in excused if name not in lines_of]
    assert not wrong, "\n".join(wrong)
    debts.settle(rule, found)


def test_files():
    check("files are short", {path: len([line for line in source.text(path).splitlines() if "SPDX-License-Identifier" not in line]) for path in source.ours()}, law.FILE_LINES, law.LONG_FILES)


def test_functions():
    found = {}
    for path in source.ours():
        for name, _, lines in source.functions(path):
            found[f"{path}:{name}"] = max(lines, found.get(f"{path}:{name}", 0))
    assert len(found) > 1000, "functions are not found as they were"
    check("functions are short", found, law.FUNCTION_LINES, law.LONG_FUNCTIONS)
