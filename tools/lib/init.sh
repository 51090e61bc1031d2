#!/bin/bash
# SPDX-License-Identifier: ISC
# PID 1 of a private tree, until it becomes s6-svscan: init.sh STAGE, called by tree_exec in namespaces of its own, with the
# checkout as working directory. Paths into the checkout are relative, since what is mounted here may cover it.

set -euo pipefail
umask 022
exec 2>&9 9>&-

stage=$1
scandir=/run/service
servicedirs=/run/s6-rc/servicedirs

hide() {
    mount -t tmpfs -o "mode=0755,nosuid${2:+,$2}" tree "$1"
}

# An account file of the host, less whoever has one of our names or numbers there, plus ours.
accounts() {
    local file=$1
    { grep -Ev '^(hermes|stranger|observer|observers):|^[^:]*:[^:]*:1000[0-2]:' "/etc/$file" || :; cat; } >"/opt/etc/$file"
    mount --bind "/opt/etc/$file" "/etc/$file"
}

# lay PATH FILE: a copy of FILE is at PATH, and all else in its directory stays as it is.
lay() {
    local top=${1%/*} layer=/opt/layers$1
    while ! [ -d "$top" ]; do
        top=${top%/*}
    done
    mkdir -p "$layer/${1%/*}"
    cp "$2" "$layer$1"
    mount -t overlay -o "lowerdir=$layer$top:$top" tree "$top"
}

hide /opt size=512m
hide /usr/local
mkdir /opt/etc
accounts passwd <<'END'
hermes:x:10000:10000:gateways:/opt/data:/bin/bash
stranger:x:10001:10001:somebody else:/:/bin/sh
observer:x:10002:10002:may look:/:/bin/sh
END
accounts group <<'END'
hermes:x:10000:
stranger:x:10001:
observers:x:10002:observer
END

cp -a "$stage/usr/local/." /usr/local/
mkdir -p /opt/hermes/.venv/bin
cp tools/demo/hermes /opt/hermes/.venv/bin/hermes
chmod 755 /opt/hermes/.venv/bin/hermes

# The volume: hermes's, like all that is in it.
mkdir /opt/data
if [ -n "${TREE_VOLUME-}" ]; then
    mount --bind "$TREE_VOLUME" /opt/data
fi
chown hermes:hermes /opt/data
for profile in ${TREE_PROFILES-coder writer}; do
    mkdir -p "/opt/data/profiles/$profile"
    echo "You are $profile." >"/opt/data/profiles/$profile/SOUL.md"
done
if [ -d /opt/data/profiles ]; then
    chown -R hermes:hermes /opt/data/profiles
fi

# Another /bin/sh than the host's: a program that is one when it is called so, as busybox is. What the host's is a link to stays.
if [ -n "${TREE_SH-}" ]; then
    lay "$(realpath /bin)/sh" "$TREE_SH"
fi

# Another s6 than the host's: the directory in which Debian's packages of it are unpacked.
if [ -n "${TREE_S6-}" ]; then
    mkdir -p /opt/s6 /usr/local/lib
    cp "$TREE_S6"/usr/bin/s6-* /opt/s6/
    # Programs that are linked statically bring no libraries.
    cp -a "$TREE_S6"/usr/lib/*-linux-gnu/lib*.so.* /usr/local/lib/ 2>/dev/null || :
    for program in /opt/s6/*; do
        if [ -e "/usr/bin/${program##*/}" ]; then
            mount --bind "$program" "/usr/bin/${program##*/}"
        fi
    done
    ldconfig -C /opt/etc/ld.so.cache
    mount --bind /opt/etc/ld.so.cache /etc/ld.so.cache
    # What its programs run themselves, by a path that was built in and that the host's s6 may not have.
    for program in "$TREE_S6"/usr/libexec/s6-* "$TREE_S6"/usr/lib/*-linux-gnu/s6/s6-*; do
        if [ -e "$program" ]; then
            lay "/${program#"$TREE_S6"/}" "$program"
        fi
    done
fi

hide /run
mkdir -p "$scandir" /run/s6/basedir "$servicedirs"
cp -a /usr/local/share/svcbroker/s6-rc.d/svcbrokerd "$servicedirs/"
if [ -n "${TREE_OPTIONS-}" ]; then
    mkdir "$servicedirs/svcbrokerd/data"
    printf '%s\n' "$TREE_OPTIONS" >"$servicedirs/svcbrokerd/data/options"
fi
if [ -n "${TREE_KILL_MSEC-}" ]; then
    echo "$TREE_KILL_MSEC" >"$servicedirs/svcbrokerd/timeout-kill"
fi
if [ -n "${TREE_BEFORE-}" ]; then
    eval "$TREE_BEFORE"
fi
ln -s "$servicedirs/svcbrokerd" "$scandir/svcbrokerd"

cd /
environment=("PATH=${TREE_PATH:-/usr/local/bin:/usr/bin:/bin}")
for name in ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS TSAN_OPTIONS; do
    if [ -n "${!name-}" ]; then
        environment+=("$name=${!name}")
    fi
done

# The option for the number of services is -c up to s6 2.11, and -C in later ones.
option=-C
s6-svscan -C 4 /nonexistent 2>/dev/null || [ $? != 100 ] || option=-c

# A container that was given fewer capabilities: none of them comes back with an exec, not even root's.
reduced=()
if [ -n "${TREE_WITHOUT-}" ]; then
    reduced=("$(command -v setpriv)" --inh-caps "-$TREE_WITHOUT" --bounding-set "-$TREE_WITHOUT")
fi
# By its path: the first directory of that PATH may be on the volume, which may hang.
exec env -i "${environment[@]}" "${reduced[@]}" "$(command -v s6-svscan)" "$option" "${TREE_SERVICES_MAX:-1000}" "$scandir" \
    </dev/null >/run/container.log 2>&1
