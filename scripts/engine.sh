#!/usr/bin/env bash
# Makes sure that a Docker engine answers: engine.sh start|stop|status
#
# An engine that answers already (DOCKER_HOST, the current docker context, the usual socket) is used as it is.
# Exit status 3, with one line of reason on stderr, means that no engine can be had: tests skip with that line.
set -euo pipefail

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
state="${FOUNDATIONS_STATE:-$repo/.work}/engine"
socket=/var/run/docker.sock
proxies=HTTP_PROXY,HTTPS_PROXY,NO_PROXY,http_proxy,https_proxy,no_proxy

say() { printf 'engine: %s\n' "$*"; }
give_up() { printf 'engine: %s\n' "$*" >&2; exit 3; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env="$proxies" "$@"; fi
}

# Nothing else helps a user whom a running engine's socket is closed to.
check_access() {
    if [ -S "$socket" ] && [ ! -w "$socket" ] && runs dockerd "$(cat /var/run/docker.pid 2>/dev/null)"; then
        give_up "an engine runs, but $(id -un) may not use $socket;" \
            "run 'sudo usermod -aG docker $(id -un)' and log in again"
    fi
}

# The docker client knows about contexts; where there is none (Debian 13 splits it off), the socket is asked.
answers() {
    if command -v docker >/dev/null; then
        timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null
    else
        curl --silent --fail --max-time 10 --unix-socket "$socket" http://localhost/_ping 2>/dev/null
    fi
}

answers_root() {
    if command -v docker >/dev/null; then
        as_root env DOCKER_HOST="unix://$socket" timeout 10 docker version >/dev/null 2>&1
    else
        as_root curl --silent --fail --max-time 10 --unix-socket "$socket" http://localhost/_ping >/dev/null 2>&1
    fi
}

# A process that ended and was not reaped keeps its name, but has no command line any more.
runs() {
    local name="$1" pid="$2"
    [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ] \
        && [ -n "$(tr -d '\0' <"/proc/$pid/cmdline")" ]
}

pid_in() { as_root cat "$1" 2>/dev/null || true; }

our_pid() {
    local pid
    pid="$(cat "$state/dockerd.pid" 2>/dev/null || true)"
    if runs dockerd "$pid"; then echo "$pid"; fi
}

require_debian() {
    local family=""
    [ -r /etc/os-release ] && family="$(. /etc/os-release && echo " $ID ${ID_LIKE:-} ")"
    case "$(uname -s)$family" in
        Linux*" debian "*|Linux*" ubuntu "*) ;;
        Darwin*) give_up "no Docker engine answers; install and start Docker Desktop, OrbStack or colima" ;;
        *) give_up "no Docker engine answers; install Docker (docs.docker.com/engine/install) and start it" ;;
    esac
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        give_up "no Docker engine answers, and installing one needs root; run this as root or install sudo"
    fi
}

install_packages() {
    local packages=(docker.io iptables) log="$state/install.log"
    if apt-cache show docker-cli >/dev/null 2>&1; then packages+=(docker-cli); fi
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}")
    if as_root "${install[@]}" >"$log" 2>&1 </dev/null; then return; fi
    say "the package lists are missing or old; updating them"
    as_root apt-get update >>"$log" 2>&1 </dev/null || true
    if as_root "${install[@]}" >>"$log" 2>&1 </dev/null; then return; fi
    tail -n 15 "$log"
    give_up "no Docker engine answers, and apt-get could not install ${packages[*]}; its output is in $log"
}

# A crash leaves pid files, which stop the next start once their pids are reused or not reaped, and perhaps
# the socket of a containerd that is dead.
clear_leftovers() {
    local private=/var/run/docker/containerd/containerd.pid shared=/run/containerd/containerd.sock
    runs dockerd "$(pid_in /var/run/docker.pid)" || as_root rm -f /var/run/docker.pid
    runs containerd "$(pid_in "$private")" || as_root rm -f "$private"
    if [ -S "$shared" ] && ! as_root timeout 5 ctr --address "$shared" version >/dev/null 2>&1; then
        as_root rm -f "$shared"
    fi
}

start_dockerd() {
    if runs dockerd "$(pid_in /var/run/docker.pid)"; then
        say "a dockerd is running and does not answer yet; waiting for it"
    elif [ -d /run/systemd/system ]; then
        as_root systemctl start docker >>"$state/install.log" 2>&1 || true
        echo systemd >"$state/dockerd.pid"
    else
        clear_leftovers
        # In a session of its own, so that Ctrl-C does not reach it; without fd 9, so that it does not hold our lock.
        as_root setsid sh -c 'echo $$ >"$1/dockerd.pid"; exec dockerd >>"$1/dockerd.log" 2>&1' sh "$state" \
            </dev/null >/dev/null 2>&1 9>&- &
    fi
}

show_log() {
    if [ -d /run/systemd/system ]; then
        as_root journalctl -u docker -n 20 --no-pager || true
    elif [ -r "$state/dockerd.log" ]; then
        tail -n 20 "$state/dockerd.log" | cut -c -300
    fi
}

wait_for_engine() {
    local began=$SECONDS
    until answers_root; do
        # Three seconds are for our own child to become dockerd.
        if [ $((SECONDS - began)) -ge 3 ] && [ ! -d /run/systemd/system ] \
            && ! runs dockerd "$(pid_in /var/run/docker.pid)"; then
            show_log
            give_up "dockerd ended again: $(tail -n 1 "$state/dockerd.log" 2>/dev/null | cut -c -300)"
        fi
        if [ $((SECONDS - began)) -ge 60 ]; then
            show_log
            give_up "dockerd was started and does not answer on $socket after 60 s; the end of its log says why"
        fi
        sleep 0.2
    done
}

start() {
    local version
    if version="$(answers)"; then say "an engine answers already (version $version)"; return; fi
    if [ -n "${DOCKER_HOST:-}" ] && [ "$DOCKER_HOST" != "unix://$socket" ]; then
        give_up "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST; start it there or unset DOCKER_HOST"
    fi
    check_access
    require_debian
    mkdir -p "$state"
    exec 9>"$state/lock"
    flock 9
    if version="$(answers)"; then say "an engine answers already (version $version)"; return; fi
    if command -v dockerd >/dev/null; then
        say "no Docker engine answers; starting dockerd"
    else
        say "no Docker engine answers; installing Debian's docker.io and starting dockerd"
        install_packages
    fi
    if ! answers_root; then
        start_dockerd
        wait_for_engine
    fi
    if version="$(answers)"; then say "an engine answers (version $version)"; return; fi
    check_access
    give_up "dockerd was started, but the docker client does not reach it; see 'docker context ls'"
}

stop() {
    local pid
    if [ "$(cat "$state/dockerd.pid" 2>/dev/null || true)" = systemd ]; then
        as_root systemctl stop docker.socket docker
        rm -f "$state/dockerd.pid"
        say "stopped"
        return
    fi
    pid="$(our_pid)"
    if [ -z "$pid" ]; then say "no dockerd of ours is running"; return; fi
    as_root kill "$pid"
    for _ in $(seq 300); do
        if ! runs dockerd "$pid"; then
            as_root rm -f "$state/dockerd.pid"
            say "stopped"
            return
        fi
        sleep 0.1
    done
    printf 'engine: dockerd (pid %s) does not end after 30 s\n' "$pid" >&2
    exit 1
}

status() {
    local version
    if ! version="$(answers)"; then
        check_access
        give_up "no Docker engine answers; run scripts/engine.sh start"
    fi
    say "an engine answers (version $version)${DOCKER_HOST:+ at $DOCKER_HOST}"
    if [ -n "$(our_pid)" ]; then say "it was started by this script (pid $(our_pid), log $state/dockerd.log)"; fi
}

case "${1:-}" in
    start|stop|status) "$1" ;;
    *) echo "usage: $0 start|stop|status" >&2; exit 2 ;;
esac
