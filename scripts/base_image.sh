#!/usr/bin/env bash
# Makes sure that a base image for a minor version of Python is on the engine; its name is the last line of stdout.
#
#   base_image.sh [--python 3.11] [--tag NAME]
#
# Taken in this order: python:<minor>-slim on the engine, foundations/base:<minor> on the engine, a pull of
# python:<minor>-slim, and where no registry answers an image made from Debian (or Ubuntu) packages.
# --tag makes one from packages under that name, whatever else is there.
set -euo pipefail

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
state="${FOUNDATIONS_STATE:-$repo/.work}/base"
proxies=HTTP_PROXY,HTTPS_PROXY,NO_PROXY,http_proxy,https_proxy,no_proxy

say() { printf 'base image: %s\n' "$*" >&2; }
fail() { printf 'base image: %s\n' "$*" >&2; exit 1; }
give_up() {
    fail "$*; ways out: pull or load python:$python-slim, name another image in docker_config.base_image," \
        "or use another Python"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env="$proxies" "$@"; fi
}

python="" tag=""
while [ $# -gt 0 ]; do
    case "$1" in
        --python) python="${2:?--python needs a version}"; shift 2 ;;
        --tag) tag="${2:?--tag needs a name}"; shift 2 ;;
        *) echo "usage: $0 [--python 3.11] [--tag NAME]" >&2; exit 2 ;;
    esac
done
if [ -z "$python" ]; then
    for candidate in "$repo/.venv/bin/python" python3; do
        python="$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" && break
    done
fi
case "$python" in
    3.[0-9]|3.[0-9][0-9]) ;;
    *) fail "--python wants a minor version such as 3.11, not '$python'" ;;
esac

on_engine() { docker image inspect "$1" >/dev/null 2>&1; }

distribution="$(. /etc/os-release 2>/dev/null && echo "$ID" || true)"

suite_name() {
    case "$distribution $python" in
        "debian 3.11") echo bookworm ;;
        "debian 3.13") echo trixie ;;
        "ubuntu 3.10") echo jammy ;;
        "ubuntu 3.12") echo noble ;;
        "debian "*|"ubuntu "*) give_up "no suite of this machine's distribution ($distribution) has Python $python" ;;
        *) give_up "no registry answers, and a base image can be made from packages on Debian and Ubuntu only" ;;
    esac
}

# The mirror that this machine's own apt uses reaches its packages; a default might not.
mirror() {
    local label=Debian
    [ "$distribution" = ubuntu ] && label=Ubuntu
    apt-get indextargets --format '$(REPO_URI)' "Label: $label" "Created-By: Packages" 2>/dev/null | head -n 1
}

have() {
    command -v "$1" >/dev/null && return
    say "installing $1"
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1")
    as_root "${install[@]}" >/dev/null 2>&1 </dev/null && return
    as_root apt-get update >/dev/null 2>&1 </dev/null || true
    as_root "${install[@]}" >/dev/null 2>&1 </dev/null
}

packages=base-files,base-passwd,bash,bzip2,ca-certificates,coreutils,dash,debianutils,diffutils,findutils,grep
packages+=,gzip,hostname,libc-bin,libgcc-s1,libstdc++6,login,openssl,python3,python3-pip,python3-venv,sed,tar
packages+=,tzdata,xz-utils

# Run on the unpacked tree: what the packages' own scripts would have done, as far as Python needs it.
finish_tree() {
    cat <<'SCRIPT'
set -eu
root="$1"
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
for file in "$root"/usr/share/libc-bin/nsswitch.conf "$root"/usr/share/base-files/nsswitch.conf; do
    if [ -e "$file" ]; then cp "$file" "$root/etc/nsswitch.conf"; fi
done
ln -sf /usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"
echo Etc/UTC >"$root/etc/timezone"
[ -e "$root/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
[ -e "$root/usr/bin/python" ] || ln -s python3 "$root/usr/bin/python"
mkdir -p "$root/tmp" "$root/var/tmp" "$root/root" "$root/usr/local/bin" "$root/usr/local/sbin"
chmod 1777 "$root/tmp" "$root/var/tmp"
chmod 0700 "$root/root"
chroot "$root" ldconfig
mkdir -p "$root/etc/ssl/certs" "$root/etc/ca-certificates/update.d" "$root/usr/local/share/ca-certificates"
(cd "$root/usr/share/ca-certificates" && find * -name '*.crt' | LC_ALL=C sort) >"$root/etc/ca-certificates.conf"
chroot "$root" update-ca-certificates >/dev/null
# Read-only containers can never write these: without them each start of Python compiles what it imports.
# Unchecked, since the times of the files are levelled for the sake of the same bytes.
chroot "$root" python3 -m compileall -q --invalidation-mode unchecked-hash -x 'lib2to3/tests|/test/' \
    /usr/lib/python3 "/usr/lib/python$2"
find "$root/usr/share/doc" -depth ! -name copyright ! -type d -delete
find "$root/usr/share/doc" -depth -type d -empty -delete
rm -rf "$root"/usr/share/man "$root"/usr/share/info "$root"/usr/share/locale "$root"/usr/share/lintian
rm -rf "$root"/var/lib/apt "$root"/var/cache/apt "$root"/var/cache/ldconfig "$root"/var/log/* "$root"/etc/apt
chroot "$root" python3 -c '
import bz2, ctypes, lzma, pip, sqlite3, ssl, sys, venv, zlib
assert "%d.%d" % sys.version_info[:2] == sys.argv[1], sys.version
assert ssl.create_default_context().cert_store_stats()["x509_ca"] > 50
' "$2"
SCRIPT
}

# Packages are unpacked, none of their scripts is run: five times as fast as an installed system, and smaller.
unpack_packages() {
    local options=() merge=/usr/share/mmdebstrap/hooks/merged-usr
    apt-config dump --format '%F "%v";%n' Acquire::http Acquire::https | grep -v '""' >"$work/apt.conf" || true
    if [ -s "$work/apt.conf" ]; then options+=(--aptopt="$work/apt.conf"); fi
    if [ -d "$merge" ]; then options+=(--hook-dir="$merge"); fi
    as_root mmdebstrap --mode=root --variant=extract --format=directory --include="$packages" "${options[@]}" \
        "$suite" "$work/tree" $(mirror)
}

install_packages() {
    as_root debootstrap --variant=minbase --include="$packages" "$suite" "$work/tree" $(mirror)
}

# Names in order and times levelled: the same packages give the same layer.
pack_tree() {
    as_root tar -C "$work/tree" --sort=name --numeric-owner --mtime=@1735689600 --clamp-mtime \
        --exclude='./dev/*' -cf - .
}

build() {
    local name="$1" engine here
    command -v apt-get >/dev/null || give_up "no registry answers, and packages can be had on Debian and Ubuntu only"
    suite="$(suite_name)"
    engine="$(docker version --format '{{.Server.Arch}}')" here="$(dpkg --print-architecture)"
    [ "$engine" = "$here" ] || give_up "the engine runs on $engine, and packages here are for $here"
    say "no registry answers; making $name from $distribution $suite packages (about half a minute)"
    work="$(mktemp -d)"
    trap 'as_root rm -rf "$work"' EXIT
    finish_tree >"$work/finish.sh"
    if have mmdebstrap; then
        unpack=unpack_packages
    elif have debootstrap; then
        unpack=install_packages
    else
        give_up "neither mmdebstrap nor debootstrap could be installed"
    fi
    if ! { $unpack && as_root sh "$work/finish.sh" "$work/tree" "$python"; } >"$state/build.log" 2>&1 </dev/null; then
        tail -n 20 "$state/build.log" >&2
        give_up "$suite's packages could not be made into an image (log: $state/build.log)"
    fi
    pack_tree | docker import \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'ENV LANG=C.UTF-8' --change 'CMD ["python3"]' --change "LABEL foundations.base=$python" \
        - "$name" >/dev/null
}

docker version >/dev/null 2>&1 || fail "no Docker engine answers; run scripts/engine.sh start"
official="python:$python-slim" ours="foundations/base:$python"
mkdir -p "$state"
exec 9>"$state/lock"
flock 9
if [ -n "$tag" ]; then
    on_engine "$tag" || build "$tag"
    echo "$tag"
elif on_engine "$official"; then
    echo "$official"
elif on_engine "$ours"; then
    echo "$ours"
elif timeout 60 docker pull --quiet "$official" >/dev/null 2>&1; then
    echo "$official"
else
    build "$ours"
    echo "$ours"
fi
