#!/usr/bin/env bash
# Installs what lint and the tests need of npm into the folder of tools, where their scripts look for it; oxlint is then in its bin/.
# Returns at once if the lock file has not changed since.
set -euo pipefail
cd "$(dirname "$0")"

tools="${XDG_CACHE_HOME:-$HOME/.cache}/realmgate-tools"
installed="$tools/node/installed.json"
cmp -s package-lock.json "$installed" && exit
mkdir -p "$tools/node" "$tools/bin"
rm -f "$installed"
cp package.json package-lock.json "$tools/node/"
npm ci --prefix "$tools/node" --loglevel=error --no-audit --no-fund
ln -sf "$tools/node/node_modules/.bin/oxlint" "$tools/bin/oxlint"
# Last, so that an interrupted installation is repeated.
cp package-lock.json "$installed"
