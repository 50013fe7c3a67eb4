#!/usr/bin/env bash
# Installs what lint and the tests need of npm into the folder of tools, where their scripts look for it; oxlint and esbuild are then in its bin/.
# Returns at once if the lock file has not changed since.
set -euo pipefail
cd "$(dirname "$0")"

tools="${XDG_CACHE_HOME:-$HOME/.cache}/realmgate-tools"
installed="$tools/node/installed.json"
mkdir -p "$tools/node" "$tools/bin"
for program in oxlint esbuild; do
    ln -sf "$tools/node/node_modules/.bin/$program" "$tools/bin/$program"
done
cmp -s package-lock.json "$installed" && exit
rm -f "$installed"
cp package.json package-lock.json "$tools/node/"
npm ci --prefix "$tools/node" --loglevel=error --no-audit --no-fund
# Last, so that an interrupted installation is repeated.
cp package-lock.json "$installed"
