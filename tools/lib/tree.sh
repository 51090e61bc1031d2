# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# A private tree: namespaces of its own with s6-svscan as PID 1, svcbrokerd under it, a user hermes and a volume. For
# tools/sandbox, the benchmarks and the integration tests. Whoever sources this is at the top of the checkout, as root.
#
# What a tree is like, from the environment: TREE_PROFILES (coder writer), TREE_OPTIONS (svcbrokerd's, one a line),
# TREE_SERVICES_MAX (1000), TREE_WAIT_SEC (60, for svcbrokerd to be ready), TREE_VOLUME (a directory to be /opt/data), TREE_S6
# (another s6, unpacked), TREE_SH (a program to be /bin/sh), TREE_KILL_MSEC (until a svcbrokerd that is told to end is killed, if not as
# shipped), TREE_BEFORE (commands for the last moment before s6-svscan), TREE_WITHOUT (a capability that it lacks, like kill),
# TREE_PATH (PATH of s6-svscan). Its log, as a container would print it, is /run/container.log.

# tree_stage BUILD: installs what is built there to where trees take it from. What is there already and is the same stays as it
# is, so that a sandbox can be made while tests copy from there.
tree_stage() {
    local new
    new=$(mktemp -d "$PWD/$1/stage.XXXXXX") || return 1
    chmod 755 "$new"
    if ! meson install -C "$1" --no-rebuild --quiet --destdir "$new" >"$new.log" 2>&1; then
        cat "$new.log" >&2
    elif [ ! -x "$new/usr/local/sbin/svcbrokerd" ]; then
        echo "$1: not configured with the prefix /usr/local: remove it, or choose another directory" >&2
    elif tree_same "$1/stage" "$new" || { rm -rf "$1/stage" && mv "$new" "$1/stage"; }; then
        rm -rf "$new" "$new.log"
        return 0
    fi
    rm -rf "$new" "$new.log"
    return 1
}

# tree_same DIRECTORY DIRECTORY: whether both hold the same files with the same modes.
tree_same() {
    [ -d "$1" ] && diff -rq --no-dereference "$1" "$2" >/dev/null &&
        [ "$(find "$1" -printf '%P %m\n' | sort)" = "$(find "$2" -printf '%P %m\n' | sort)" ]
}

# tree_exec BUILD: becomes the parent of a tree. When this process dies, by whatever signal, the tree is gone with all its
# processes and mounts; and it dies with its own parent. A terminal's ^C is none of its business.
# What unshare itself says goes to descriptor 8, the caller's: it matters if there is no tree, and else is noise, since
# util-linux 2.38 complains when PID 1 was killed, as we do at the end.
tree_exec() {
    exec setpriv --pdeathsig KILL setsid env --default-signal=HUP,INT,QUIT \
        unshare --mount --propagation private --pid --fork --kill-child=KILL --mount-proc --net --ipc \
        bash tools/lib/init.sh "$1/stage" 9>&2 2>&8 8>&-
}

# tree_boot BUILD: starts one, sets tree_parent and tree_pid (of its PID 1, as seen from here). Descriptor 8 is from now on what
# unshare says: a file of this tree's own, without a name, so that nothing is left and no other tree writes to it.
tree_boot() {
    local log
    log=$(mktemp) && exec 8<>"$log" && rm "$log" || return 1
    (tree_exec "$1") </dev/null &
    tree_parent=$!
    tree_pid=""
    local deadline=$((SECONDS + 60))
    while [ -z "$tree_pid" ]; do
        if ! kill -0 "$tree_parent" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
            tree_say_why_not
            return 1
        fi
        { read -r tree_pid _ <"/proc/$tree_parent/task/$tree_parent/children" || sleep 0.01; } 2>/dev/null
    done
}

# tree_say_why_not: what is known of a tree that could not be made, or did not last.
tree_say_why_not() {
    echo "the private tree could not be made. What was said:" >&2
    sed 's/^/    /' /proc/self/fd/8 >&2
    echo "It needs root with CAP_SYS_ADMIN, and a kernel that lets it make mount, pid, network and ipc namespaces (in a container:" \
        "--privileged)." >&2
}

# tree_enter USER CMD...: becomes that command, inside, as one of the tree's users, in that user's home.
tree_enter() {
    local user=$1 directory=/
    shift
    [ "$user" = hermes ] && directory=/opt/data
    exec nsenter --target "$tree_pid" --mount --pid --net --ipc --root --wd -- \
        setpriv --reuid "$user" --regid "$(tree_group "$user")" --init-groups \
        env -i --default-signal=HUP,INT,QUIT --chdir="$directory" "TERM=${TERM-dumb}" "USER=$user" "HOME=$directory" HERMES_HOME=/opt/data \
        PATH=/opt/hermes/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" 8>&-
}

# tree_run USER CMD...: the same, and waits.
tree_run() {
    (tree_enter "$@")
}

tree_group() {
    case $1 in
    observer) echo observers ;;
    *) echo "$1" ;;
    esac
}

# It is ready when what is wanted has its slots: those of what is down follow.
tree_is_booted() {
    case $(tree_run root svcctl --json health 2>/dev/null) in
    *'"booting: '*) return 1 ;;
    esac
}

# tree_wait_ready: until svcbrokerd is, and each profile has its slot. If it is not within that time, its log goes to standard error.
tree_wait_ready() {
    local root=/proc/$tree_pid/root deadline=$((SECONDS + ${TREE_WAIT_SEC-60})) word=""
    while [ $SECONDS -lt $deadline ] && kill -0 "$tree_parent" 2>/dev/null; do
        if [ -e "$root/run/s6-rc/servicedirs/svcbrokerd/supervise/status" ]; then
            word=$(tree_run root s6-svstat -o ready,wantedup /run/service/svcbrokerd 2>/dev/null)
            case $word in
            'true '*)
                if tree_is_booted; then
                    return 0
                fi
                ;;
            *' false') break ;;
            esac
        fi
        sleep 0.02
    done
    if ! [ -e "$root/run/container.log" ]; then # PID 1 has said why, if it came to that
        tree_say_why_not
        return 1
    fi
    echo "svcbrokerd did not become ready. What the tree said:" >&2
    sed 's/^/    /' "$root/run/container.log" >&2
    return 1
}

# PID 1 first: the kernel then ends all that is inside before its parent, unshare, sees it gone.
tree_stop() {
    [ -n "${tree_parent-}" ] || return 0
    kill -KILL "${tree_pid:-$tree_parent}" 2>/dev/null || :
    wait "$tree_parent" 2>/dev/null || :
    tree_parent=""
    tree_pid=""
}
