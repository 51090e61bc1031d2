# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
# What a call of each method costs svcbrokerd: system calls, counted by strace, and instructions of its own, by valgrind's callgrind. Neither
# depends on the machine's speed, nor on what else it does. For tools/bench, which sources this.

# NAME CALLS REQUEST [connect]
calls_of_all() {
    local all='"names":["gateway-bench-1"]'
    cat <<END
Status	400	$status
Status, a connection each	400	$status	connect
an unknown name	400	{"method":"io.svcbroker.Status","parameters":{"name":"gateway-nobody"}}
GetInfo	400	{"method":"org.varlink.service.GetInfo"}
GetInterfaceDescription	100	{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.svcbroker"}}
List	100	$list
List, in pieces	100	{"method":"io.svcbroker.List","more":true}
Health	100	{"method":"io.svcbroker.Health"}
History, 10 events	100	{"method":"io.svcbroker.History","parameters":{"count":10}}
io.systemd.Metrics.List	20	{"method":"io.systemd.Metrics.List","more":true}
Reset, nothing to be done	100	{"method":"io.svcbroker.Reset","parameters":{$all}}
Stop, nothing to be done	100	{"method":"io.svcbroker.Stop","parameters":{$all}}
Start, on its way to be stopped	10	{"method":"io.svcbroker.Start","parameters":{"names":["gateway-bench-@"]}}
Stop, of what runs	10	{"method":"io.svcbroker.Stop","parameters":{"names":["gateway-bench-@"],"wait":"down"}}
Register, as it is	100	{"method":"io.svcbroker.Register","parameters":{"profile":"bench-1","start":false}}
Register	10	{"method":"io.svcbroker.Register","parameters":{"profile":"new-@","start":false}}
Unregister	10	{"method":"io.svcbroker.Unregister","parameters":{"profile":"new-@"}}
Reconcile	10	{"method":"io.svcbroker.Reconcile"}
Diagnose	5	{"method":"io.svcbroker.Diagnose"}
END
}

counted_tree() {
    TREE_OPTIONS="$TREE_OPTIONS
--no-gateways${1:+
--seccomp
off}" TREE_BEFORE="${1-}" tree_boot "$build" && tree_wait_ready || return 1
    socket=/proc/$tree_pid/root/run/svcbroker/io.svcbroker
    bench client fill "$socket" 1 "$services" && broker_rests
}

# Until none of its threads has run for three seconds: all history is on the volume then.
broker_rests() {
    local pid ran="" before="" deadline=$((SECONDS + 120))
    pid=$(tree_run root s6-svstat -o pid /run/service/svcbrokerd) # by its name it is valgrind, or svcbrokerd
    until [ -n "$ran" ] && [ "$ran" = "$before" ]; do
        [ $SECONDS -lt $deadline ] || return 1
        before=$ran
        sleep 3
        ran=$(cat "/proc/$tree_pid/root/proc/$pid/task/"*/schedstat)
    done
}

# All threads of it.
count_system_calls() {
    local name calls request how counted pid
    pid=$(broker_pid)
    while IFS=$'\t' read -r name calls request how; do
        bench calls "$socket" "$request" 1 ${how:+"$how"} >/dev/null # what is made once
        sleep 0.3
        strace -f -qq -p "$pid" -o "$work/strace" &
        until grep -q "^TracerPid:.[1-9]" "/proc/$pid/status"; do sleep 0.01; done
        sleep 0.3
        bench calls "$socket" "$request" "$calls" ${how:+"$how"} || return 1
        sleep 2.5
        kill $! && wait $! 2>/dev/null
        counted=$(grep -c '^[0-9]* *[a-z_0-9]*(' "$work/strace")
        system_calls["$name"]=$(figure %.1f "$counted" "$calls")
        say "$name: ${system_calls["$name"]} system calls"
    done < <(calls_of_all | grep -E "${CALLS_ONLY-.}")
}

# What has happened in it since the last time.
callgrind() {
    tree_run root env LOGNAME=root HOST=tree callgrind_control "$1" >/dev/null 2>&1
}

# Not of what starts and ends processes, or looks at them: callgrind_control gets no answer any more after the first of these.
count_instructions() {
    local name calls request how dumps
    while IFS=$'\t' read -r name calls request how; do
        bench calls "$socket" "$request" 1 ${how:+"$how"} >/dev/null
        sleep 0.5
        callgrind --zero
        bench calls "$socket" "$request" "$calls" ${how:+"$how"} || return 1
        sleep 2.5
        callgrind --dump
        dumps=("/proc/$tree_pid/root/run/callgrind.out"*)
        instructions["$name"]=$(figure %.0f "$(awk '/^summary:/ { sum += $2 } END { print sum }' "${dumps[@]}")" "$calls")
        rm "${dumps[@]}"
        say "$name: ${instructions["$name"]} instructions"
    done < <(calls_of_all | grep -E "${CALLS_ONLY-.}" | grep -vE '^(Start|Stop, of|Register|Unregister|Reconcile|Diagnose)')
}

measure_calls() {
    local name rest socket
    local -A system_calls instructions
    [ -n "${CALLS_ONLY-}" ] || { counted_tree && count_system_calls && tree_stop; } || return 1
    # shellcheck disable=SC2016
    counted_tree '
        mv /usr/local/sbin/svcbrokerd /usr/local/sbin/svcbrokerd.counted
        printf "%s\n" "#!/bin/sh" "exec env LOGNAME=root HOST=tree valgrind --tool=callgrind --callgrind-out-file=/run/callgrind.out.%p /usr/local/sbin/svcbrokerd.counted \"\$@\"" >/usr/local/sbin/svcbrokerd
        chmod 755 /usr/local/sbin/svcbrokerd' && count_instructions || return 1
    tree_stop
    printf '%s\n\n' "$(print_machine), $services services"
    printf '| %s | %s | %s |\n' method 'system calls' instructions --- --- ---
    while IFS=$'\t' read -r name rest; do
        printf '| %s | %s | %s |\n' "$name" "${system_calls["$name"]}" "${instructions["$name"]-}"
    done < <(calls_of_all)
}
