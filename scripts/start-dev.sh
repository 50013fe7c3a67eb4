#!/usr/bin/env bash
# A world for developers: a sidecar, and the map servers of maps 1 and 2 beside it, each a process of its own with its
# log in logs/; logs/auth.log, logs/world.log and logs/gateway.log have the sidecar's lines by role. Ends what an earlier run of this script left behind; Ctrl-C ends everything, as does the end of any part.
#
#   scripts/start-dev.sh
#
# Settings are environment variables, as for the programs themselves. This script has these:
#   LOGS        where logs and process ids go (logs/)
#   PORTS       the map servers' ports ("4001 4002")
#   BIN_DIR     programs that are built already, instead of building them
#
# No program runs in the foreground while Ctrl-C may come: bash drops a SIGINT that arrives while it waits for a child in
# the foreground, as it does for `sleep 0.1` and for `$(…)`, if that child exits normally.
set -euo pipefail
script=${BASH_SOURCE[0]}
[[ $script == */* ]] || script=./$script
CDPATH='' cd -- "${script%/*}/.."
root=$PWD
shopt -s nullglob

logs=${LOGS:-$root/logs}
read -ra ports <<<"${PORTS:-4001 4002}"
maps=(1 2)
# How long a part may take to be up, and to end before it is killed; in tenths of a second.
up_within=600
end_within=400
export DATA_DIR=${DATA_DIR:-$root/data}
# Whether the parts that files name are this run's to end; until then they belong to the earlier run.
is_in_charge=false

say() { printf '%s\n' "$*"; }
# Exits once: a second Ctrl-C does not interrupt the ending.
leave() {
    trap '' HUP INT TERM
    exit "$1"
}
fail() {
    printf 'start-dev.sh: %s\n' "$*" >&2
    leave 1
}

# pause <seconds>: by reading from a pipe that nobody writes to.
pause() { read -rt "$1" -u "$never" || true; }

# ended <process> <seconds>: looks so often whether a child has ended. Not by `wait`, which drops a SIGINT now and then too.
ended() { while started_at "$1" && [[ -n $started ]]; do pause "$2"; done; }

# Runs a program that takes no time.
quick() {
    "$@" &
    ended $! 0.005
}

# When a process was started, in ticks since boot, into `started`: with its number this names it for good. Nothing where
# there is none, or where it has ended and is only not reaped yet. Also its `parent` and its `session`. The name before them
# may hold anything, so what counts begins after it.
started_at() {
    local stat=''
    started='' parent='' session=''
    { read -rd '' stat <"/proc/$1/stat"; } 2>/dev/null || true
    read -ra stat <<<"${stat##*) }"
    case ${stat[0]:-X} in Z | X) ;; *) started=${stat[19]} parent=${stat[1]} session=${stat[3]} ;; esac
}

# note <name> <process>: into a file, for this script and its later runs.
note() {
    started_at "$2"
    printf '%s %s\n' "$2" "$started" >"$logs/$1.pid"
}

# Whether the process in a file is still the one that was written into it.
is_ours() {
    local pid='' start=''
    [[ -f $1 ]] && read -r pid start <"$1" || return 1
    [[ -n $start ]] && started_at "$pid" && [[ $started == "$start" ]]
}

# Ends processes by their files: sends SIGTERM to all, waits, kills those that do not end.
end_all() {
    local file pid ticks=0 left=("$@")
    for file in "$@"; do
        is_ours "$file" && read -r pid _ <"$file" && kill -TERM "$pid" 2>/dev/null || true
    done
    while ((${#left[@]})); do
        local still=()
        for file in "${left[@]}"; do
            if ! is_ours "$file"; then
                quick rm -f "$file"
                continue
            fi
            still+=("$file")
            if ((ticks >= end_within)) && read -r pid _ <"$file"; then
                name_of "$file"
                say "$name ($pid) did not stop in time, killing it"
                kill -KILL "$pid" 2>/dev/null || true
            fi
        done
        left=("${still[@]}")
        ((${#left[@]} == 0)) || pause 0.1
        ticks=$((ticks + 1))
    done
}

# The name of a part, of its file of any kind, into `name`.
name_of() {
    name=${1##*/}
    name=${name%.*}
}

# The sidecar ends when the map servers are gone: they save through it.
end_everything() {
    end_all "$logs"/map-*.pid
    end_all "$logs/sidecar.pid"
}

# Ends the child that no file names yet: the build, or a part that was started this moment. It is the last one, since a part
# is noted before the next is started. It is ended when it is in a session of its own: until then it is still this script, with
# its traps. One that `quick` runs ends by itself.
end_unnoted() {
    local pid last=${!:-} is_asked=false ticks=0
    [[ -n $last ]] || return
    for file in "$logs"/*.pid; do
        if read -r pid _ <"$file" && [[ $pid == "$last" ]]; then return; fi
    done
    while started_at "$last" && [[ -n $started && $parent == "$$" ]]; do
        if [[ $session == "$last" ]] && ! $is_asked; then
            kill -TERM -- "-$last"
            is_asked=true
        elif ((ticks >= end_within * 10)); then
            kill -KILL -- "-$last" || kill -KILL "$last"
        fi
        pause 0.01
        ticks=$((ticks + 1))
    done 2>/dev/null
}

# What the EXIT trap does.
end_run() {
    # A child that a signal ends before it has become its program has the same trap.
    [[ $BASHPID == "$$" ]] || return
    trap '' HUP INT TERM
    # Whatever fails here, the rest is ended too.
    set +e
    local pid=''
    end_unnoted
    if $is_in_charge; then
        { read -r pid _ <"$logs/start-dev.pid"; } 2>/dev/null
        # An earlier run that is still ending its parts is waited for.
        [[ $pid == "$$" ]] || end_all "$logs/start-dev.pid"
        end_everything
        quick rm -f "$logs/start-dev.pid"
    fi
    say "all processes stopped"
}

# start <name> <ready file> <command…>: in the background, with its log and its process in files.
start() {
    local name=$1 ready=$2
    shift 2
    quick rm -f "$ready"
    # In a session of its own: Ctrl-C in the terminal goes to this script alone, which ends its parts in their order.
    setsid "$@" >"$logs/$name.log" 2>&1 </dev/null {never}>&- &
    # Noted when it is no longer this script, whose traps would swallow a SIGTERM.
    while started_at $! && [[ -n $started && $session != "$!" ]]; do pause 0.005; done
    note "$name" $!
}

# Waits until a part has written its ready file.
await() {
    local name=$1 ready=$2 ticks=0
    until [[ -s $ready ]]; do
        is_ours "$logs/$name.pid" || {
            quick tail -n 20 "$logs/$name.log" >&2
            fail "$name has stopped; see $logs/$name.log"
        }
        ((ticks < up_within)) || fail "$name did not start in time; see $logs/$name.log"
        pause 0.1
        ticks=$((ticks + 1))
    done
}

# field <ready file> <name>: a text field, into `value`.
field() {
    local text='' pattern="\"$2\": *\"([^\"]*)\""
    value=''
    read -rd '' text <"$1" || true
    if [[ $text =~ $pattern ]]; then value=${BASH_REMATCH[1]}; fi
}

exec {never}<> <(:)
trap end_run EXIT
trap 'leave 129' HUP
trap 'leave 130' INT
trap 'leave 143' TERM

((${#ports[@]} == ${#maps[@]})) || fail "PORTS must have ${#maps[@]} ports, but has ${#ports[@]}"
[[ -r /proc/self/stat ]] || fail "this script needs /proc to identify its processes"
quick mkdir -p "$logs"
[[ -d $logs ]] || fail "cannot create $logs"
if [[ -n ${BIN_DIR:-} ]]; then
    bin=$BIN_DIR
else
    command -v cargo >/dev/null || fail "cargo not found; install Rust from https://rustup.rs"
    # In a session of its own, so that cargo and the compilers below it can be ended together.
    setsid cargo build --profile play --bin start_server --bin sidecar {never}>&- &
    ended $! 0.1
    wait $! || fail "cannot build the programs"
    bin=${CARGO_TARGET_DIR:-target}/play
fi

# An earlier run that still stands there ends its own parts; one that was killed has left them to us.
is_ours "$logs/start-dev.pid" && say "stopping the previous run"
is_in_charge=true
end_all "$logs/start-dev.pid"
end_everything
note start-dev $$

# The sidecar appends to them.
quick rm -f "$logs"/{auth,world,gateway}.log
start sidecar "$logs/sidecar.json" "$bin/sidecar" serve --role-logs-dir "$logs" --ready-file "$logs/sidecar.json"
await sidecar "$logs/sidecar.json"
field "$logs/sidecar.json" directory_addr
export WORLD_DIRECTORY_URL=http://$value HOST_MAPS=only
for i in "${!maps[@]}"; do
    start "map-${maps[i]}" "$logs/map-${maps[i]}.json" \
        "$bin/start_server" "${maps[i]}" "${ports[i]}" --ready-file "$logs/map-${maps[i]}.json"
done
for map in "${maps[@]}"; do
    await "map-$map" "$logs/map-$map.json"
    field "$logs/map-$map.json" game
    say "map $map: $value (UDP), log $logs/map-$map.log"
done
field "$logs/sidecar.json" gateway_addr
say "gateway: ws://$value/ws, log $logs/sidecar.log; by role: auth.log, world.log, gateway.log"
field "$logs/sidecar.json" api_addr
say "Play at http://$value ; Ctrl-C stops everything."

# Until Ctrl-C, or until a part ends by itself.
while true; do
    for part in sidecar "${maps[@]/#/map-}"; do
        is_ours "$logs/$part.pid" || fail "$part has stopped; see $logs/$part.log"
    done
    pause 0.1
done
