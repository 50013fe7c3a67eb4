#!/usr/bin/env bash
# A world for developers: a sidecar, and the map servers of maps 1 and 2 beside it, each a process of its own with its
# log in logs/. Ends what an earlier run of this script left behind; Ctrl-C ends everything, as does the end of any part.
#
#   scripts/start-dev.sh
#
# Settings are environment variables, as for the programs themselves. This script has these:
#   LOGS        where logs and process ids go (logs/)
#   PORTS       the map servers' ports ("4001 4002")
#   BIN_DIR     programs that are built already, instead of building them
set -euo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

logs=${LOGS:-$root/logs}
read -ra ports <<<"${PORTS:-4001 4002}"
maps=(1 2)
# How long a part may take to be up, and to end before it is killed; in tenths of a second.
up_within=600
end_within=400
export DATA_DIR=${DATA_DIR:-$root/data}

say() { printf '%s\n' "$*"; }
fail() {
    printf 'start-dev.sh: %s\n' "$*" >&2
    exit 1
}

# When a process was started, in ticks since boot: with its number this names it for good. Nothing where there is none,
# or where it has ended and is only not reaped yet. The name before it may hold anything, so what counts begins after it.
started_at() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    read -ra stat <<<"${stat##*) }"
    case ${stat[0]} in Z | X) ;; *) printf '%s' "${stat[19]}" ;; esac
}

# note <name> <process>: into a file, for this script and its later runs.
note() { printf '%s %s\n' "$2" "$(started_at "$2")" >"$logs/$1.pid"; }

# Whether the process in a file is still the one that was written into it.
is_ours() {
    local pid='' start=''
    [[ -f $1 ]] && read -r pid start <"$1" || return 1
    [[ -n $start && $(started_at "$pid") == "$start" ]]
}

# Ends processes by their files: asks all, waits, kills who does not end.
end_all() {
    local file pid ticks=0 left=("$@")
    for file in "$@"; do
        is_ours "$file" && read -r pid _ <"$file" && kill -TERM "$pid" 2>/dev/null || true
    done
    while ((${#left[@]})); do
        local still=()
        for file in "${left[@]}"; do
            if ! is_ours "$file"; then
                rm -f "$file"
            elif ((ticks >= end_within)) && read -r pid _ <"$file"; then
                say "$(basename "$file" .pid) ($pid) does not end and is killed"
                kill -KILL "$pid" 2>/dev/null || true
                still+=("$file")
            else
                still+=("$file")
            fi
        done
        left=("${still[@]}")
        ((${#left[@]})) && sleep 0.1
        ticks=$((ticks + 1))
    done
}

pid_files() {
    local file
    for file in "$logs"/$1.pid; do [[ -f $file ]] && printf '%s\n' "$file"; done
    return 0
}

# The sidecar is asked when the map servers are gone: they save through it.
end_everything() {
    local files
    mapfile -t files < <(pid_files 'map-*')
    end_all "${files[@]}"
    mapfile -t files < <(pid_files sidecar)
    end_all "${files[@]}"
}

# start <name> <ready file> <command…>: in the background, with its log and its process in files.
start() {
    local name=$1 ready=$2
    shift 2
    rm -f "$ready"
    # In a session of its own: Ctrl-C in the terminal goes to this script alone, which ends its parts in their order.
    setsid "$@" >"$logs/$name.log" 2>&1 </dev/null &
    note "$name" $!
}

# Waits until a part has written its ready file.
await() {
    local name=$1 ready=$2 ticks=0
    until [[ -s $ready ]]; do
        is_ours "$logs/$name.pid" || { tail -n 20 "$logs/$name.log" >&2; fail "$name has ended; its log is $logs/$name.log"; }
        ((ticks < up_within)) || fail "$name is not up; its log is $logs/$name.log"
        sleep 0.1
        ticks=$((ticks + 1))
    done
}

# A text field of a ready file.
field() { sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p" "$1" | head -n 1; }

((${#ports[@]} == ${#maps[@]})) || fail "PORTS has ${#ports[@]} ports for ${#maps[@]} maps"
[[ -r /proc/self/stat ]] || fail "this script needs /proc, to know its own processes again"
mkdir -p "$logs"
if [[ -n ${BIN_DIR:-} ]]; then
    bin=$(CDPATH='' cd -- "$BIN_DIR" && pwd)
else
    command -v cargo >/dev/null || fail "cargo is not there; install Rust from https://rustup.rs"
    cargo build --profile play --bin start_server --bin sidecar
    bin=${CARGO_TARGET_DIR:-target}/play
fi

# An earlier run that still stands there ends its own parts; one that was killed has left them to us.
is_ours "$logs/start-dev.pid" && say "ending the earlier run"
end_all "$logs/start-dev.pid"
end_everything
note start-dev $$
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'trap "" HUP INT TERM; end_everything; rm -f "$logs/start-dev.pid"; say "all ended"' EXIT

start sidecar "$logs/sidecar.json" "$bin/sidecar" serve --ready-file "$logs/sidecar.json"
await sidecar "$logs/sidecar.json"
WORLD_DIRECTORY_URL=http://$(field "$logs/sidecar.json" directory_addr)
export WORLD_DIRECTORY_URL HOST_MAPS=only
for i in "${!maps[@]}"; do
    start "map-${maps[i]}" "$logs/map-${maps[i]}.json" \
        "$bin/start_server" "${maps[i]}" "${ports[i]}" --ready-file "$logs/map-${maps[i]}.json"
done
for map in "${maps[@]}"; do
    await "map-$map" "$logs/map-$map.json"
    say "map $map: $(field "$logs/map-$map.json" game) (UDP), log $logs/map-$map.log"
done
say "gateway: ws://$(field "$logs/sidecar.json" gateway_addr)/ws, log $logs/sidecar.log"
say "Play at http://$(field "$logs/sidecar.json" api_addr) ; Ctrl-C ends everything."

# Until Ctrl-C, or until a part ends by itself.
while true; do
    for file in "$logs"/sidecar.pid "$logs"/map-*.pid; do
        is_ours "$file" || fail "$(basename "$file" .pid) has ended; its log is ${file%.pid}.log"
    done
    sleep 0.5
done
