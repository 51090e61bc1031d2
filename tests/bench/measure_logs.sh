# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
# How long `svcctl logs --grep` takes, beside grep on the same files: sourced by tools/bench beside measure.sh.

# Lines as a gateway's logger writes them, ten million bytes of them and some: one in twenty is a warning, one in a hundred an error, and
# one in ten thousand what is searched for by name. Always the same.
logs_lines() {
    awk 'BEGIN {
        split("request handled by worker in connection from peer closed after timeout session token refreshed message delivered", word)
        srand(7)
        for (bytes = 0; bytes < 10000000; bytes += length(line) + 1) {
            n++
            level = n % 100 == 7 ? "ERROR" : n % 20 == 3 ? "WARN" : n % 7 ? "INFO" : "DEBUG"
            line = sprintf("2026-11-22 %02d:%02d:%02d.%09d  %s", n / 36000 % 24, n / 600 % 60, n / 10 % 60, n % 10 * 100000000, level)
            for (i = 0; i < 10; i++)
                line = line " " word[int(rand() * 18) + 1]
            print line = line (n % 10000 == 77 ? " upstream-unreachable" : "") " " int(rand() * 100000) " ms"
        }
    }'
}

# Ten files of a hundred megabytes: of each of ten gateways one, and all of them once more as those of one gateway.
logs_prepare() {
    local i logs=/proc/$tree_pid/root/opt/data/logs/gateways
    # shellcheck disable=SC2016
    tree_run root sh -ec 'for i in 1 11 12 13 14 15 16 17 18 19 20; do s6-svc -wD -d /run/service/gateway-bench-$i/log; done' &&
        logs_lines >"$work/lines" && tree_run hermes mkdir -p logs/gateways &&
        tree_run root mount -t tmpfs -o mode=755,size=1200m logs /opt/data/logs/gateways &&
        mkdir "$logs"/bench-{1,11,12,13,14,15,16,17,18,19,20} || return 1
    for i in {11..20}; do
        cat "$work"/lines{,,,,,,,,,} >"$logs/bench-$i/current" &&
            ln "$logs/bench-$i/current" "$logs/bench-1/@40000000650000${i}00000000.s" || return 1
    done
    : >"$logs/bench-1/current"
}

# logs_row WHAT PATTERN NAMES FILES
logs_row() {
    local ours floor ratio
    read -r ours floor ratio < <(tree_run root bench_spawn 7 /bin/sh -c "svcctl logs $3 --grep '$2' | wc -c >/dev/null" -- \
        /bin/sh -c "cd /opt/data/logs/gateways && grep -E '$2' $4 | wc -c >/dev/null")
    [ -n "$ratio" ] || return 1
    row "$1" "$(figure '%.0f ms' "$ours" 1000)" "$(figure '%.0f ms' "$floor" 1000)" "$ratio" 2 "$(verdict "$ratio" 2)"
}

measure_logs() {
    local one='bench-1/@*' ten='bench-1[1-9]/current bench-20/current' names="'bench-1[1-9]' bench-20"
    cp "$build/tests/bench/bench_spawn" "/proc/$tree_pid/root/usr/local/bin/" && logs_prepare || return 1
    say "1 GB of logs in ten files"
    logs_row "svcctl logs --grep, 1 GB in ten files, a rare word / grep -E" upstream-unreachable bench-1 "$one" &&
        logs_row "the same, one of two words, in 6 of 100 lines" 'ERROR|WARN' bench-1 "$one" &&
        logs_row "the same, digits at the end, in 9 of 10 lines" '[0-9]{5} ms$' bench-1 "$one" &&
        logs_row "the same of ten gateways, by time, a rare word" upstream-unreachable "$names" "$ten" &&
        logs_row "the same of ten, one of two words, in 6 of 100 lines" 'ERROR|WARN' "$names" "$ten" || return 1
    tree_run root umount /opt/data/logs/gateways
}
