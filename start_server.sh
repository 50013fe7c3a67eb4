#!/bin/sh
# Runs the map server, building it first where that is needed: ./start_server.sh <map_id> <port> [flags]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here"
if [ -x "$here/start_server" ]; then
    exec "$here/start_server" "$@"
fi
if ! command -v cargo >/dev/null 2>&1; then
    echo "start_server.sh: cargo not found; install Rust from https://rustup.rs" >&2
    exit 1
fi
exec cargo run --profile play --bin start_server -- "$@"
