# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: ISC
# The Debian packages that building and testing need. For tools/sandbox and tools/check.

packages_build=(gcc libc6-dev meson ninja-build pkg-config python3 libjson-c-dev libuv1-dev libcap-dev libseccomp-dev libyaml-dev)
packages_tree=(s6 util-linux procps)
packages_check=(binutils check iproute2 patch python3-pytest python3-pytest-timeout python3-pytest-xdist shellcheck mandoc strace socat netcat-openbsd bash-completion zsh fish jq tmux
    prometheus python3-prometheus-client busybox mypy python3-pip python3-setuptools python3-venv python3-wheel
    clang clang-format clang-tidy clang-tools libclang-rt-dev valgrind)
packages_image=(podman runc debootstrap execline xz-utils python3-kubernetes python3-yaml bindfs fuse3)
packages_musl=(cmake make musl-tools linux-libc-dev xz-utils) # what tests/integration/musl-root and tools/musl build with; what can be tested without it is
packages_go=(golang-go varlink-go golang-github-varlink-go-dev) # for the client in Go of docs/clients.md
packages_cross=(gcc-aarch64-linux-gnu linux-libc-dev-arm64-cross qemu-user-static) # what tools/cross/check needs besides; the same
packages_hermes=(python3-yaml python3-psutil) # what a checkout of Hermes imports in the tests of the adapter

# packages_install NAME...: those of them that are not there yet.
packages_install() {
    local name missing=()
    for name; do
        [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing: ${missing[*]}" >&2
    {
        apt-get update --quiet=2 || :
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
    } </dev/null >&2
}
