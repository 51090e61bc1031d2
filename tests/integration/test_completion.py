# SPDX-License-Identifier: ISC
"""Completion in real shells: each is told what stands on the line, and says what it would offer."""

import os
import re
import time

import pytest

from terminal import terminal
from varlink import HANG_SEC

BASH = r"""
. /usr/share/bash-completion/bash_completion
_completion_loader svcctl || :
line=$1
COMP_LINE=$line COMP_POINT=${#line}
# As readline does it: blanks and = are between words, and = is one.
read -ra COMP_WORDS <<<"${line//=/ = }"
case $line in *' ') COMP_WORDS+=('') ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
eval "${SETTINGS-}"
_svcctl "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
status=$?
set +eu
printf '%s\n' "${COMPREPLY[@]}"
exit $status
"""
ZSH = r"""
fpath=(/usr/local/share/zsh/site-functions $fpath)
autoload -Uz compinit
compinit -D -u
zstyle ':completion:*' verbose no
# The calls that only sort out words for a later one are left as they are.
compadd() {
    local -a offered
    if (( ${@[(I)-[OAD]]} )); then
        builtin compadd "$@"
        return
    fi
    builtin compadd -A offered "$@"
    words_offered+=($offered)
}
tell() {
    print -l BEGIN $words_offered END
}
all() {
    words_offered=()
    comppostfuncs=(tell)
    _main_complete
}
typeset -ga words_offered
zle -C all complete-word all
bindkey '^I' all
print ready
"""
FISH = "complete -C $argv[1]"
SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture(scope="module")
def tree(module_trees):
    tree = module_trees()
    for profile in ("coder", "writer"):
        tree.register(profile, start=False)
    tree.run("hermes", "mkdir", "-p", "/opt/data/profiles/nosoul", check=True)
    tree.run("root", "mount", "-t", "tmpfs", "tmpfs", "/tmp", check=True)
    tree.run("root", "tee", "/tmp/completion.zsh", text=ZSH, check=True)
    # A person does not wait for words for longer than a second; a test does.
    tree.run("root", "sh", "-c", "files=$(grep -rl -e '--timeout 1s' /usr/local/share/bash-completion /usr/local/share/zsh /usr/local/share/fish) && "
             "sed -i 's/--timeout 1s/--timeout 60s/' $files", check=True)
    return tree


def complete_in_zsh(tree, line, environment, user):
    """Zsh completes in its line editor only: there a tab writes down what would be offered, and no more."""
    with terminal(tree, user, "zsh", "-f", "-i", columns=2000, environment=("TERM=dumb", "PS1=> ", *environment)) as seen:
        seen.screen.put = lambda text: None
        wait_raw(seen, "> ")
        seen.type(". /tmp/completion.zsh\n")
        wait_raw(seen, "\nready")
        seen.type(f"{line}\t")
        wait_raw(seen, "END")
        offered = re.search(r"BEGIN(.*)END", seen.raw, re.S)[1].split("\r\n")
        return sorted({word.strip() for word in offered} - {""})


def wait_raw(seen, text):
    deadline = time.monotonic() + HANG_SEC
    while text not in seen.raw.replace("\r", ""):
        assert time.monotonic() < deadline and seen.read(0.1), seen.raw


def complete(tree, shell, line, *environment, user="hermes"):
    if shell == "zsh":
        return complete_in_zsh(tree, line, environment, user)
    command = {"bash": ["bash", "-c", BASH, "bash", line], "fish": ["fish", "-c", FISH, line]}[shell]
    result = tree.run(user, "env", "XDG_DATA_DIRS=/usr/local/share:/usr/share", "LC_ALL=C.UTF-8", *environment, *command)
    assert result.returncode == 0 and result.stderr == "", result
    return sorted({re.split(r"\t", word)[0] for word in result.stdout.splitlines()} - {""})


def verbs(tree):
    text = tree.run("hermes", "svcctl", "--help").stdout
    return sorted(re.findall(r"^  ([a-z]+)(?: .*)?  ", text, re.M))


def options(tree):
    text = tree.run("hermes", "svcctl", "--help").stdout
    return {option for line in re.findall(r"^  (-.*)", text, re.M) for option in re.findall(r"--[a-z-]+", line.split("   ")[0])}


VALUES = {"": "", "[=STATE]": "", " TIME": "=1m", " N": "=1", " PATTERN": "=a", " SIG": "=KILL", " STATE": "=up", " up|down": "=up", " KEY": "=name", " GOAL": "=up", " PATH": "=/nonexistent", " NAME=VALUE": "=A=b"}
TAKEN = r"""
while read -r verb option; do
    svcctl "$verb" "$option" 2>&1 | grep -q 'does not go with this verb' || echo "$verb ${option%%=*}"
done
"""


@pytest.fixture(scope="module")
def taken(tree):
    """The options that each verb takes, as svcctl itself says when it is given one of them."""
    text = tree.run("hermes", "svcctl", "--help").stdout
    given = [option + VALUES[usage] for line in re.findall(r"^  (-.*?)  ", text, re.M) for option, usage in re.findall(r"(--[a-z-]+)([^,]*)", line)]
    lines = "".join(f"{verb} {option}\n" for verb in verbs(tree) for option in [*given, "--all"])
    result = tree.run("hermes", "env", "SVCBROKER_SOCKET=/nonexistent", "sh", "-c", TAKEN, text=lines, check=True)
    return {verb: {option for word, option in map(str.split, result.stdout.splitlines()) if word == verb} for verb in verbs(tree)}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_verb_is_offered_the_options_that_it_takes(tree, taken, shell):
    assert taken["stop"] > {"--all", "--wait", "--no-wait", "--json"} and "--env" not in taken["stop"]
    for verb, options_taken in taken.items():
        offered = {option.rstrip("=").partition("=")[0] for option in complete(tree, shell, f"svcctl {verb} --")}
        assert offered == options_taken, verb


@pytest.mark.parametrize("shell", SHELLS)
def test_verbs(tree, shell):
    assert len(verbs(tree)) > 14
    assert complete(tree, shell, "svcctl ") == verbs(tree)
    assert complete(tree, shell, "svcctl --json re") == [verb for verb in verbs(tree) if verb.startswith("re")]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("verb", ["start", "stop", "restart", "kill", "wait", "status", "top", "why", "watch", "logs", "reset", "unregister"])
def test_names_of_the_broker(tree, shell, verb):
    assert {"coder", "writer", "svcbrokerd"} <= set(complete(tree, shell, f"svcctl {verb} "))
    assert complete(tree, shell, f"svcctl --timeout 2s {verb} co") == ["coder"]


@pytest.mark.parametrize("shell", SHELLS)
def test_other_words(tree, shell):
    assert complete(tree, shell, "svcctl register ") == ["coder", "writer"]
    assert complete(tree, shell, "svcctl introspect i") == ["io.svcbroker", "io.systemd.Metrics"]
    assert {"List", "Reconcile", "Watch"} <= set(complete(tree, shell, "svcctl call "))
    assert complete(tree, shell, "svcctl call Reg") == ["Register"]
    assert not {"coder", "start"} & set(complete(tree, shell, "svcctl health "))


@pytest.mark.parametrize("shell", SHELLS)
def test_options(tree, shell):
    offered = set()
    for verb in ("start", "stop", "kill", "wait", "watch", "export", "logs", "list", "register", "reconcile", "metrics", "call"):
        offered |= {option.rstrip("=").partition("=")[0] for option in complete(tree, shell, f"svcctl {verb} --")}
    assert offered == options(tree) | {"--all"}
    assert "--all" not in complete(tree, shell, "svcctl status --")
    if shell != "fish":
        assert complete(tree, shell, "svcctl stop --wait=") == ["down"]
        assert complete(tree, shell, "svcctl start coder --wait=") == ["ready", "up"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_value_of_an_option_is_no_verb_and_no_name(tree, taken, shell):
    text = tree.run("hermes", "svcctl", "--help").stdout
    valued = {option for line in re.findall(r"^  (-.*)", text, re.M) for option in re.findall(r"(--[a-z-]+) [A-Zu]", line.split("   ")[0])}
    assert {"--until", "--grep", "--sort", "--env", "--signal", "--kill-after"} < valued
    for option in sorted(valued - {"--socket"}):
        verb = next(verb for verb in ("logs", "stop", "kill", "wait", "list", "register") if option in taken[verb])
        assert "coder" not in complete(tree, shell, f"svcctl {verb} {option} "), option
        assert complete(tree, shell, f"svcctl {option} x {verb} co") == ["coder"], option


@pytest.mark.parametrize("shell", SHELLS)
def test_a_broker_that_is_gone(tree, shell):
    """Nothing is offered, and nothing is said."""
    assert complete(tree, shell, "svcctl status ", "SVCBROKER_SOCKET=/nonexistent") == []
    assert complete(tree, shell, "svcctl --socket /nonexistent status ") == []
    assert "coder" in complete(tree, shell, "svcctl --socket /run/svcbroker/io.svcbroker status ", "SVCBROKER_SOCKET=/nonexistent")


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_of_hermes_s_is_run(tree, shell):
    """Root presses tab: with a PATH that leads to hermes, and on names that hermes has made."""
    caught = tree.path("/opt/data/caught")
    tree.run("hermes", "sh", "-c", r"""
        mkdir -p .local/bin
        for name in svcctl sed basename dirname grep seq; do
            printf '#!/bin/sh\necho "%s $(/usr/bin/id -u)" >>/opt/data/caught\n' $name >.local/bin/$name
            chmod 755 .local/bin/$name
        done
        for name in '$(svcctl)' '`svcctl`' '(svcctl)' '$(>caught-2)' '*' 'a b'; do mkdir -p "profiles/$name" && echo soul >"profiles/$name/SOUL.md"; done
    """, check=True)
    path = "PATH=/opt/data/.local/bin:/usr/local/bin:/usr/bin:/bin"
    program = "/usr/local/bin/svcctl"
    assert complete(tree, shell, f"{program} status co", path, user="root") == ["coder"]
    assert {"coder", "writer"} <= set(complete(tree, shell, f"{program} register ", path, user="root"))
    assert complete(tree, shell, f"{program} call Reg", path, user="root") == ["Register"]
    complete(tree, shell, f"{program} start --", path, user="root")
    assert not os.path.exists(caught), open(caught).read()
    tree.run("hermes", "sh", "-c", "rm -r .local/bin profiles/[!a-z]* 'profiles/a b'", check=True)


@pytest.mark.parametrize("settings", ["IFS=$'\\n'", "IFS=", "IFS=o-", "set -f", "set -u", "set -e", "set -o posix", "shopt -s failglob", "shopt -s nullglob",
                                      "shopt -s nocasematch", "GLOBIGNORE='*'", "set -feu; IFS=$'\\n'"])
def test_whatever_the_shell_is_set_to(tree, settings):
    """Which stays as it was, and without a word on standard error."""
    before = f"{settings}; [[ -o posix ]] || :"
    for line, words in (("svcctl sta", ["start", "status"]), ("svcctl status co", ["coder"]), ("svcctl register ", ["coder", "writer"]),
                        ("svcctl call Reg", ["Register"]), ("svcctl list --n", ["--names", "--no-header"]), ("svcctl stop --wait=", ["down"])):
        assert complete(tree, "bash", line, f"SETTINGS={before}") == words, line
    script = f"{settings}; before=$(set -o; shopt; declare -p IFS); _svcctl svcctl r svcctl; test \"$before\" = \"$(set -o; shopt; declare -p IFS)\" && set +eu && echo same"
    setup = ". /usr/share/bash-completion/bash_completion; _completion_loader svcctl || :; COMP_WORDS=(svcctl register ''); COMP_CWORD=2; "
    assert tree.run("hermes", "bash", "-c", setup + script).stdout == "same\n"


def test_bash_loads_it_by_itself(tree):
    """As a person has it: the first tab in an interactive shell."""
    with terminal(tree, "hermes", "bash", "--norc", "-i", columns=200, environment=("TERM=dumb", "PS1=> ")) as seen:
        seen.screen.put = lambda text: None
        seen.type(". /usr/share/bash-completion/bash_completion; bind 'set enable-bracketed-paste off'; echo rea''dy\n")
        wait_raw(seen, "\nready")
        seen.type("svcctl status wri\t\n")
        wait_raw(seen, "svcctl status writer")
        wait_raw(seen, "gateway-writer")
