# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
# How what the broker does grows with the number of gateways: its own CPU (all threads), which other work on the machine disturbs least.
# For tools/bench, which sources this beside measure_boot.sh.

growth_kinds=(boot reconcile unregister register)
declare -A growth_of=([boot]="boot, all of them down" [reconcile]="Reconcile, nothing to be done" [unregister]="Unregister of each"
    [register]="Register of each")
declare -A growth_usec

# spent KIND COMMAND...: what the broker takes until that has ended and all is quiet.
spent() {
    local kind=$1 before pid
    shift
    pid=$(broker_pid)
    before=$(cpu_nsec "$pid")
    "$@" >/dev/null && wait_quiet || return 1
    growth_usec["$kind $count"]=$((($(cpu_nsec "$pid") - before) / 1000))
}

measure_growth_at() {
    local count=$1
    volume_make "$count" down || return 1
    rm -f "$volume/logs/container-boot.log"
    TREE_VOLUME=$volume tree_boot "$build" && tree_wait_ready || return 1
    while [ ! -e "$volume/logs/container-boot.log" ]; do
        kill -0 "$tree_parent" || return 1
        sleep 0.1
    done
    wait_quiet
    growth_usec["boot $count"]=$(($(cpu_nsec "$(broker_pid)") / 1000))
    socket=/proc/$tree_pid/root/run/svcbroker/io.svcbroker
    spent reconcile bench client once "$socket" '{"method":"io.svcbroker.Reconcile"}' || return 1
    spent unregister bench client drain "$socket" 1 "$count" || return 1
    spent register bench client fill "$socket" 1 "$count" || return 1
    tree_stop
    rm -rf "$volume"
}

# measure_growth MOST: a row a kind; the exponent is that of the last tenfold or so: 1 is linear.
measure_growth() {
    local counts=() count kind line
    for count in 10 100 1000 4000 10000; do
        [ "$count" -gt "$1" ] || counts+=("$count")
    done
    for count in "${counts[@]}"; do
        measure_growth_at "$count" || return 1
        for kind in "${growth_kinds[@]}"; do
            say "$count gateways, ${growth_of[$kind]}: $((${growth_usec["$kind $count"]} / 1000)) ms of CPU"
        done
    done
    printf '| CPU of svcbrokerd, ms'
    printf ' | %s' "${counts[@]}"
    printf ' | exponent, %s to %s |\n|---' 100 "${counts[-1]}"
    printf '|---%.0s' "${counts[@]}" exponent
    printf '|\n'
    for kind in "${growth_kinds[@]}"; do
        line="| ${growth_of[$kind]}"
        for count in "${counts[@]}"; do
            line+=" | $(figure %.1f "${growth_usec["$kind $count"]}" 1000)"
        done
        echo "$line | $(awk -v from="${growth_usec["$kind 100"]}" -v to="${growth_usec["$kind ${counts[-1]}"]}" -v times="$((counts[-1] / 100))" \
            'BEGIN { printf "%.2f", log(to / from) / log(times) }') |"
    done
}
