# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
# The measurements of tools/bench, which sources this at the top of the checkout, as root, with build, services and work set.
# Everything is measured from outside the tree but what runs whole programs.

core=$(($(nproc) - 1)) # of a pair that shares one
status='{"method":"io.svcbroker.Status","parameters":{"name":"gateway-bench-1"}}'
list='{"method":"io.svcbroker.List"}'
minimal_parent=""
rows=()

say() {
    echo "bench: $*" >&2
}

bench() {
    local program=$1
    shift
    "$build/tests/bench/bench_$program" "$@"
}

pinned() {
    taskset -c "$core" "$build/tests/bench/bench_$1" "${@:2}"
}

# The broker, as seen from here.
broker_pid() {
    pgrep --ns "$tree_pid" --nslist pid -x svcbrokerd
}

broker_pin() {
    taskset -a -p -c "$1" "$(broker_pid)" >/dev/null
}

# minimal_start METHOD REPLY [NAME]: on the same core as the broker when that is pinned.
minimal_start() {
    minimal_stop
    taskset -c "$core" "$build/tests/bench/bench_minimal_server" "$work/minimal" "$@" &
    minimal_parent=$!
    until [ -S "$work/minimal" ]; do
        kill -0 "$minimal_parent" || return 1
        sleep 0.01
    done
}

minimal_stop() {
    [ -n "$minimal_parent" ] || return 0
    kill "$minimal_parent"
    wait "$minimal_parent" 2>/dev/null
    minimal_parent=""
    rm -f "$work/minimal"
}

# row WHAT OURS FLOOR RATIO [TARGET VERDICT]
row() {
    rows+=("$(printf '%s\t' "$1" "$2" "$3" "$4" "${5-}" "${6-}")")
    say "$1: $2, floor $3, ratio $4"
}

# verdict VALUE TARGET: is it at most that?
verdict() {
    awk -v value="$1" -v target="$2" 'BEGIN { print value <= target ? "met" : "missed" }'
}

# figure FORMAT NUMBER [DIVISOR]
figure() {
    awk -v format="$1" -v number="$2" -v divisor="${3-1}" 'BEGIN { printf format, number / divisor }'
}

pss_kib() {
    awk '$1 == "Pss:" { print $2 }' "/proc/$1/smaps_rollup"
}

# switches PID, cpu_nsec PID: of all its threads, since they began.
switches() {
    cat "/proc/$1"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'
}

cpu_nsec() {
    cat "/proc/$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# Until nothing starts any more: loggers are still at it when Register has answered.
wait_quiet() {
    local before now deadline=$((SECONDS + 60))
    before=$(switches "$(broker_pid)")
    while sleep 1; do
        now=$(switches "$(broker_pid)")
        if [ "$now" = "$before" ] || [ $SECONDS -ge $deadline ]; then
            break
        fi
        before=$now
    done
}

# fill FROM TO
fill() {
    local from=$1 to=$2 began=${EPOCHREALTIME/[.,]/} cpu
    cpu=$(cpu_nsec "$(broker_pid)")
    # Each has its profile's directory: hermes's Reconcile would take away what has none.
    seq -f /opt/data/profiles/bench-%.0f "$from" "$to" | tree_run hermes xargs mkdir -p || return 1
    bench client fill "$socket" "$from" "$to" || return 1
    cpu=$((($(cpu_nsec "$(broker_pid)") - cpu) / 1000000))
    say "$((to - from + 1)) services registered in $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) ms, $cpu of them svcbrokerd's"
    wait_quiet
}

# After a List, which leaves the most behind.
measure_memory() {
    local pss
    bench client once "$socket" "$list" >/dev/null || return 1
    pss=$(pss_kib "$(broker_pid)") || return 1
    row "memory (PSS) with $1 services" "$(figure '%.2f MiB' "$pss" 1024)" "$(figure '%.2f MiB' "$minimal_pss" 1024)" \
        "$(figure '%.1f' "$pss" "$minimal_pss")" ${2:+"$2 MiB"} ${2:+"$(verdict "$pss" $(($2 * 1024)))"}
}

# processes_kib PID...: what they take: PSS, page tables, and the kernel's stack of each, which has 16 KiB.
processes_kib() {
    local pid files=()
    for pid; do
        files+=("/proc/$pid/smaps_rollup" "/proc/$pid/status")
    done
    awk -v count=$# '$1 == "Pss:" || $1 == "VmPTE:" { sum += $2 } END { print sum + 16 * count }' "${files[@]}"
}

# What gateways that are down take, all of their processes, beside what s6 itself needs for a service with a logger.
measure_gateways() {
    local pid name children supervisors=() others=() ours floor ratio
    read -ra children <"/proc/$tree_pid/task/$tree_pid/children"
    for pid in "${children[@]}"; do
        name=$(tr '\0' ' ' <"/proc/$pid/cmdline")
        case $name in
        's6-supervise gateway-bench-'*) supervisors+=("$pid") ;;
        *) continue ;;
        esac
        read -ra children <"/proc/$pid/task/$pid/children" || :
        others+=("${children[@]}")
    done
    floor=$(processes_kib "${supervisors[@]}") && ours=$(processes_kib "${supervisors[@]}" "${others[@]}") || return 1
    ratio=$(figure %.2f "$ours" "$floor")
    row "memory of a gateway that is down, all its processes / its two s6-supervise" "$(figure '%.0f KiB' "$ours" "$1")" \
        "$(figure '%.0f KiB' "$floor" "$1")" "$ratio" 1.3 "$(verdict "$ratio" 1.3)"
}

minimal_start_status() {
    bench client once "$socket" "$status" >"$work/status" &&
        minimal_start io.svcbroker.Status "$work/status" gateway-bench-1
}

measure_round_trip() {
    local ours floor ratio
    minimal_start_status && broker_pin "$core" || return 1
    read -r ours floor ratio < <(pinned client calls "$socket" "$work/minimal" "$status" 4000 41)
    [ -n "$ratio" ] || return 1
    row "Status, a round trip, $1 services, one core" "$ours usec" "$floor usec" "$ratio" 1.3 "$(verdict "$ratio" 1.3)"
    broker_pin "0-$core"
    minimal_stop
}

measure_rate() {
    local ours floor ratio connections
    minimal_start_status && broker_pin "$core" || return 1
    for connections in 1 64; do
        read -r ours floor ratio < <(pinned client rate "$socket" "$work/minimal" "$status" 12000 21 "$connections")
        [ -n "$ratio" ] || return 1
        row "Status, calls a second, $connections connection$([ "$connections" = 1 ] || echo s), one core" \
            "$(figure %.0f "$ours")" "$(figure %.0f "$floor")" "$ratio"
    done
    broker_pin "0-$core"
    minimal_stop
}

measure_list() {
    local ours floor ratio
    bench client once "$socket" "$list" >"$work/list" || return 1
    minimal_start io.svcbroker.List "$work/list" || return 1
    broker_pin "$core" || return 1
    read -r ours floor ratio < <(pinned client calls "$socket" "$work/minimal" "$list" 20 21)
    [ -n "$ratio" ] || return 1
    row "List of $1 services ($(($(stat -c %s "$work/list") / 1024)) KiB), one core" \
        "$(figure '%.0f usec' "$ours")" "$(figure '%.0f usec' "$floor")" "$ratio"
    broker_pin "0-$core"
    minimal_stop
}

# The tree's own mounts hide the checkout's from it: what runs inside is put there.
measure_programs() {
    local ours floor ratio inside=/proc/$tree_pid/root
    cp "$build/tests/bench/bench_spawn" "$build/tests/bench/bench_register" "$inside/usr/local/bin/" || return 1
    tree_run root svcctl status gateway-bench-1 >/dev/null
    [ $? = 3 ] && tree_run root s6-svstat /run/service/gateway-bench-1 >/dev/null || return 1
    broker_pin "$core" || return 1
    read -r ours floor ratio < <(tree_run root taskset -c "$core" bench_spawn 400 \
        /usr/local/bin/svcctl status gateway-bench-1 -- /usr/bin/s6-svstat /run/service/gateway-bench-1)
    [ -n "$ratio" ] || return 1
    row "svcctl status NAME / s6-svstat, whole processes, one core" "$(figure '%.2f ms' "$ours" 1000)" \
        "$(figure '%.2f ms' "$floor" 1000)" "$ratio" 2 "$(verdict "$ratio" 2)"
    read -r ours floor ratio < <(tree_run root taskset -c "$core" bench_spawn 400 \
        /usr/local/bin/svcctl health -- /usr/bin/s6-svstat /run/service/gateway-bench-1)
    [ -n "$ratio" ] || return 1
    row "svcctl health / s6-svstat of one service, whole processes, one core" "$(figure '%.2f ms' "$ours" 1000)" \
        "$(figure '%.2f ms' "$floor" 1000)" "$ratio" '5 ms' "$(verdict "$ours" 5000)"
    broker_pin "0-$core"
}

measure_register() {
    local ours link copy_and_link ratio_link ratio_copy inside=/proc/$tree_pid/root slot=$services_directory/gateway-bench-1
    mkdir "$inside/run/bench" &&
        tree_run root cp -a "$slot" /run/bench/prepared &&
        tree_run root rm -rf /run/bench/prepared/{,log/}{supervise,event} || return 1
    read -r ours link copy_and_link ratio_link ratio_copy < <(tree_run root bench_register /run/svcbroker/io.svcbroker \
        /run/service /run/bench/prepared /run/bench 50)
    [ -n "$ratio_copy" ] || return 1
    row "Register, until supervised / cp -a and s6-svlink -d" "$(figure '%.2f ms' "$ours" 1000)" \
        "$(figure '%.2f ms' "$copy_and_link" 1000)" "$ratio_copy"
    row "Register, until supervised / s6-svlink -d alone" "$(figure '%.2f ms' "$ours" 1000)" \
        "$(figure '%.2f ms' "$link" 1000)" "$ratio_link"
    wait_quiet
}

# What hermes can ask for, as often as it likes. The worst of it counts, for each of the two.
measure_starvation() {
    local name request health health_idle stop stop_idle worst=(0 0 - 0 0 -)
    local -A floods=(
        [Stop]='{"method":"io.svcbroker.Stop","parameters":{"all":true}}'
        [Reset]='{"method":"io.svcbroker.Reset","parameters":{"names":["gateway-bench-2","gateway-bench-3"]}}'
        [Register]='{"method":"io.svcbroker.Register","parameters":{"profile":"bench-2","start":false,"environment":{"A":"b"}}}'
        [Reconcile]='{"method":"io.svcbroker.Reconcile"}'
        [Diagnose]='{"method":"io.svcbroker.Diagnose"}'
        [Health]='{"method":"io.svcbroker.Health"}'
        [List]=$list
    )
    for name in Stop Reset Register Reconcile Diagnose Health List; do
        request=${floods[$name]}
        read -r health health_idle stop stop_idle < <(bench starve "$socket" 10000 10000 400 "$request")
        [ -n "$stop_idle" ] || return 1
        say "root while hermes calls $name: Health $health usec, idle $health_idle; Stop $stop, idle $stop_idle (p99)"
        [ "$health" -gt "${worst[0]}" ] && worst[0]=$health worst[1]=$health_idle worst[2]=$name
        [ "$stop" -gt "${worst[3]}" ] && worst[3]=$stop worst[4]=$stop_idle worst[5]=$name
        wait_quiet
    done
    row "root's Health (p99) while hermes floods, $1 services; worst: ${worst[2]}" "$(figure '%.1f ms' "${worst[0]}" 1000)" \
        "$(figure '%.1f ms' "${worst[1]}" 1000)" "$(figure %.1f "${worst[0]}" "${worst[1]}")" '50 ms' "$(verdict "${worst[0]}" 50000)"
    row "root's Stop (p99) while hermes floods, $1 services; worst: ${worst[5]}" "$(figure '%.1f ms' "${worst[3]}" 1000)" \
        "$(figure '%.1f ms' "${worst[4]}" 1000)" "$(figure %.1f "${worst[3]}" "${worst[4]}")" '200 ms' "$(verdict "${worst[3]}" 200000)"
}

measure_idle() {
    local pid switches_before cpu_before floor_before wakeups cpu floor
    pid=$(broker_pid)
    minimal_start_status || return 1
    sleep 1
    switches_before=$(switches "$pid")
    cpu_before=$(cpu_nsec "$pid")
    floor_before=$(switches "$minimal_parent")
    sleep 10
    wakeups=$(($(switches "$pid") - switches_before))
    cpu=$(($(cpu_nsec "$pid") - cpu_before))
    floor=$(($(switches "$minimal_parent") - floor_before))
    row "idle for 10 s with $1 services: wakeups (CPU time)" "$wakeups ($((cpu / 1000)) usec)" "$floor" "-" 0 \
        "$(verdict "$wakeups" 0)"
    minimal_stop
}

version() {
    dpkg-query --show --showformat '${source:Upstream-Version}' "$1" 2>/dev/null
}

print_machine() {
    echo "$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores," \
        "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
        "Linux $(uname -r | sed 's/-.*//')$(grep -qw hypervisor /proc/cpuinfo && echo ', a virtual machine')," \
        "$(. /etc/os-release && echo "$PRETTY_NAME"), s6 $(version s6)," \
        "libuv $(version libuv1 || version libuv1t64), json-c $(version libjson-c5)"
}

print_table() {
    { printf '%s\n' $'what\tours\tfloor\tratio\ttarget\tverdict\t' $'-\t-\t-\t-\t-\t-\t' "${rows[@]}"; } |
        awk -F '\t' '
            { for (i = 1; i <= 6; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
            END {
                for (n = 1; n <= NR; n++)
                    for (i = 1; i <= 6; i++) {
                        text = cell[n, i]
                        pad = sprintf("%" (width[i] - length(text)) "s", "")
                        if (n == 2) gsub(/ /, "-", pad)
                        printf "| %s%s %s", text, pad, i < 6 ? "" : "|\n"
                    }
            }'
}

measure_everything() {
    local socket services_directory=/run/svcbroker/services minimal_pss

    say "build: $build; floor first"
    printf '{}\0' >"$work/none"
    minimal_start io.svcbroker.Status "$work/none" x || return 1
    bench client once "$work/minimal" "$status" >/dev/null || return 1
    minimal_pss=$(pss_kib "$minimal_parent")
    minimal_stop

    TREE_OPTIONS="$TREE_OPTIONS
--no-gateways" tree_boot "$build" && tree_wait_ready || return 1
    socket=/proc/$tree_pid/root/run/svcbroker/io.svcbroker

    measure_slot && fill 1 10 && measure_round_trip 10 && measure_rate && measure_programs && measure_register && measure_memory 10 &&
        fill 11 100 && measure_memory 100 && measure_gateways 100 && measure_idle 100 && measure_logs &&
        fill 101 "$services" && measure_memory "$services" 8 && measure_round_trip "$services" &&
        measure_list "$services" && measure_starvation "$services" || return 1
    tree_stop
    measure_boots && measure_durable || return 1

    print_machine
    echo
    print_table
}
