# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
# What a gateway's scripts take, from s6-supervise's fork to the program that they become: sourced by tools/bench beside measure.sh.

# A slot that nobody supervises, and what somebody who has s6 and execline alone would write in its place.
slot_prepare() {
    local inside=/proc/$tree_pid/root/run/slot
    mkdir -p "$inside"/{venv/bin,peer} && cp -a "/proc/$tree_pid/root/usr/local/share/svcbroker/gateway" "$inside/ours" &&
        cp "/proc/$tree_pid/root/usr/local/libexec/svcbroker/svcbroker-slot" "$inside/ours/" && # as the broker has it in each slot
        cp "$build/tests/bench/bench_slot" "$inside/bench_slot" && cp "$build/tests/bench/bench_slot" "$inside/venv/bin/hermes" &&
        mkdir "$inside"/ours/{data,supervise,log/supervise} || return 1
    echo 'venv=/run/slot/venv' >>"$inside/ours/settings"
    echo coder >"$inside/ours/data/profile"
    : >"$inside/ours/env"
    tee "$inside/ours/supervise/death_tally" "$inside/ours/log/supervise/death_tally" </dev/null >/dev/null
    # Debian's /usr/bin/execlineb is a wrapper.
    local execlineb=/usr/lib/execline/bin/execlineb
    [ -x "$execlineb" ] || execlineb=$(command -v execlineb) || return 1
    printf '#!%s -P\n/usr/bin/s6-setuidgid hermes /run/slot/venv/bin/hermes\n' "$execlineb" >"$inside/peer/run"
    printf '#!%s -P\n/usr/bin/s6-setuidgid hermes /usr/bin/s6-log 1 n10 s1000000 T /opt/data/logs/gateways/coder\n' "$execlineb" >"$inside/peer/log"
    chmod 755 "$inside"/peer/*
}

# slot_row WHAT TARGET ratio|ours WORD...: the target is of the ratio, or of our own milliseconds. WORD...: of bench_slot.
slot_row() {
    local what=$1 target=$2 of=$3 ours peer ratio
    shift 3
    read -r ours peer ratio < <(tree_run root /run/slot/bench_slot 200 "$@")
    [ -n "$ratio" ] || return 1
    case $of in
    ratio) set -- "$target" "$(verdict "$ratio" "$target")" ;;
    *) set -- "$target ms" "$(verdict "$ours" "$(figure %.0f "$target" 0.001)")" ;;
    esac
    row "$what" "$(figure '%.2f ms' "$ours" 1000)" "$(figure '%.2f ms' "$peer" 1000)" "$ratio" "$@"
}

measure_slot() {
    slot_prepare || return 1
    slot_row "a gateway's start, CPU until its program runs / execline: s6-setuidgid hermes PROGRAM" 1.5 ratio \
        until-up /run/slot/ours ./run gateway-coder -- /run/slot/peer ./run gateway-coder &&
        slot_row "a gateway's end, CPU of finish / /bin/true" 1.2 ours \
            to-its-end /run/slot/ours ./finish 0 15 gateway-coder 4194000 -- /run/slot/peer /bin/true &&
        slot_row "a gateway's crash, CPU of finish / /bin/true" 1.2 ours \
            to-its-end /run/slot/ours ./finish 1 0 gateway-coder 4194000 -- /run/slot/peer /bin/true &&
        slot_row "a logger, CPU from its start to its end / execline: s6-setuidgid hermes s6-log DIRECTORY" 1.5 ratio \
            to-its-end /run/slot/ours/log ./run gateway-coder/log -- /run/slot/peer ./log gateway-coder/log
}
