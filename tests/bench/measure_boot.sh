# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
# The measurements of tools/bench that need a boot, or a volume on a disk: sourced by it beside measure.sh.

# volume_make COUNT WANT: $volume, with that many profiles, by the name that `bench client fill` gives.
volume_make() {
    local number
    volume=$work/volume-$1-$2
    [ ! -e "$volume" ] || return 0
    mkdir -p "$volume/profiles" "$volume/.svcbroker/intent" || return 1
    for ((number = 1; number <= $1; number++)); do
        mkdir "$volume/profiles/bench-$number"
        : >"$volume/profiles/bench-$number/SOUL.md"
        echo "{\"version\":1,\"want\":\"$2\"}" >"$volume/.svcbroker/intent/bench-$number"
    done
    chown -R 10000:10000 "$volume"
}

# From the start of svcbrokerd to its readiness, as s6-supervise's status file has both, in microseconds. Two TAI64N stamps of
# 12 bytes begin it; of the seconds the lower half will do.
ready_usec() {
    od --address-radix=n --endian=big --format=u4 --width=24 --read-bytes=24 "$1" |
        awk '{ printf "%d\n", ($5 - $2) * 1000000 + ($6 - $3) / 1000 }'
}

# From its readiness to the last slot, which the boot log is written after, in microseconds: by the times of both files.
follow_usec() {
    local ready last
    ready=$(stat --format=%.6Y "$1") && last=$(stat --format=%.6Y "$volume/logs/container-boot.log") || return 1
    echo $((${last/./} - ${ready/./}))
}

# The same directories and files by cp -a, and one rescan, until all of their supervisors run. Microseconds.
# shellcheck disable=SC2016
floor_script='
mkdir /run/stage /run/links /run/floor || exit 1
for ((number = 1; number <= $1; number++)); do
    cp -a /run/one "/run/stage/floor-$number" && echo "floor-$number" >"/run/stage/floor-$number/data/profile" && ln -s "/run/floor/floor-$number" "/run/links/floor-$number" || exit 1
done
began=${EPOCHREALTIME/[.,]/}
cp -a /run/stage/. /run/floor/ && cp -a /run/links/. /run/service/ && s6-svscanctl -a /run/service || exit 1
number=1
while [ $number -le $1 ]; do
    if [ -s "/run/floor/floor-$number/supervise/status" ] && [ -s "/run/floor/floor-$number/log/supervise/status" ]; then
        number=$((number + 1))
    else
        sleep 0.001
    fi
done
echo $((${EPOCHREALTIME/[.,]/} - began))
'

# One slot as the broker makes it, without what s6-supervise put there: gateway and logger are down.
floor_prepare() {
    tree_run root bash -c 'cp -a /run/svcbroker/services/gateway-default /run/one &&
        rm -rf /run/one/supervise/* /run/one/event/* /run/one/log/supervise/* /run/one/log/event/* && : >/run/one/down'
}

middle() {
    printf '%s\n' "$@" | sort -n | sed -n 2p
}

# measure_boot COUNT WANT [TARGET]
measure_boot() {
    local count=$1 want=$2 target=${3-} ours floor ratio status readies=() zeros=() wholes=() floors=()
    volume_make "$count" "$want" || return 1
    while [ ${#floors[@]} -lt 3 ]; do
        rm -f "$volume/logs/container-boot.log"
        TREE_VOLUME=$volume tree_boot "$build" && tree_wait_ready || return 1
        status=/proc/$tree_pid/root/run/s6-rc/servicedirs/svcbrokerd/supervise/status
        readies+=("$(ready_usec "$status")")
        while [ ! -e "$volume/logs/container-boot.log" ]; do sleep 0.02; done
        wholes+=("$((${readies[-1]} + $(follow_usec "$status")))")
        tree_stop
        TREE_VOLUME=$work/volume-0-down tree_boot "$build" && tree_wait_ready && floor_prepare || return 1
        zeros+=("$(ready_usec "/proc/$tree_pid/root/run/s6-rc/servicedirs/svcbrokerd/supervise/status")")
        floors+=("$(tree_run root bash -c "$floor_script" floor "$count")")
        tree_stop
    done
    ours=$(middle "${readies[@]}")
    floor=$(middle "${zeros[@]}")
    row "boot to readiness, $count profiles $want / no profile" "$(figure '%.0f ms' "$ours" 1000)" \
        "$(figure '%.0f ms' "$floor" 1000)" "$(figure %.2f "$ours" "$floor")"
    ours=$(middle "${wholes[@]}")
    floor=$(middle "${floors[@]}")
    ratio=$(figure %.2f "$ours" "$floor")
    row "boot to the last slot, $count profiles $want / cp -a and one rescan" "$(figure '%.0f ms' "$ours" 1000)" \
        "$(figure '%.0f ms' "$floor" 1000)" "$ratio" ${target:+"$target"} ${target:+"$(verdict "$ratio" "$target")"}
}

measure_boots() {
    volume_make 0 down || return 1
    measure_boot 10 down && measure_boot 100 down && measure_boot 1000 down 2 && measure_boot 100 up
}

# On a volume that is a directory of a disk, where there is one.
measure_durable() {
    local ours floor ratio count=500 socket
    volume_make $count down || return 1
    TREE_VOLUME=$volume tree_boot "$build" && tree_wait_ready || return 1
    socket=/proc/$tree_pid/root/run/svcbroker/io.svcbroker
    read -r ours floor ratio < <(bench durable one "$socket" \
        '{"method":"io.svcbroker.Stop","parameters":{"names":["gateway-bench-1"]}}' "$volume" 101)
    [ -n "$ratio" ] || return 1
    row "an order, until durable ($(stat -f -c %T "$volume")) / write, fsync, rename" "$ours usec" "$floor usec" "$ratio"
    read -r ours floor ratio < <(bench durable all "$socket" '{"method":"io.svcbroker.Stop","parameters":{"all":true}}' \
        '{"method":"io.svcbroker.Stop","parameters":{"names":["gateway-bench-%ld"]}}' $count 5)
    [ -n "$ratio" ] || return 1
    row "one order to $count gateways / $count orders, until durable" "$ours ms" "$floor ms" "$ratio"
    read -r ours floor ratio < <(bench durable batch "$socket" '{"method":"io.svcbroker.Stop","parameters":{"all":true}}' \
        '{"method":"io.svcbroker.Stop","parameters":{"names":["gateway-bench-%ld"]}}' "$volume" $count 5)
    [ -n "$ratio" ] || return 1
    row "one order to $count gateways / write, syncfs, rename of $count files, fsync" "$ours ms" "$floor ms" "$ratio"
    tree_stop
    measure_crowd
}

# On a volume whose syncs take 300 ms.
measure_crowd() {
    local lost msec count=40 run=/run/s6-rc/servicedirs/svcbrokerd/run
    volume_make $count down || return 1
    # shellcheck disable=SC2016
    TREE_BEFORE="cp $PWD/$build/tests/bench/libbench_slow_sync.so /run/ && sed -i 's|^exec .*svcbrokerd |exec env LD_PRELOAD=/run/libbench_slow_sync.so /usr/local/sbin/svcbrokerd |' $run" \
        TREE_VOLUME=$volume tree_boot "$build" && tree_wait_ready && wait_quiet || return 1
    read -r lost msec < <(bench durable crowd "/proc/$tree_pid/root/run/svcbroker/io.svcbroker" \
        '{"method":"io.svcbroker.Stop","parameters":{"names":["gateway-bench-%ld"]}}' $count)
    [ -n "$msec" ] || return 1
    row "$count orders at once, syncs of 300 ms: not durable (the last answer)" "$lost ($msec ms)" "0 (600 ms)" -
    tree_stop
}
