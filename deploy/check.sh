#!/usr/bin/env bash
# Checks every file below deploy/ with the tool that reads it. `deploy/install-checkers.sh` installs the tools. A tool that is
# missing is named, and on CI (CI=true) that is a failure.
set -euo pipefail
cd "$(dirname "$0")"

export PATH="${XDG_CACHE_HOME:-$HOME/.cache}/realmgate-tools/bin:$PATH:/usr/sbin:/sbin"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=() missing=()

is_ci() { case "${CI:-}" in '' | 0 | f | false | n | no | off) false ;; esac }

# check <what> <tool> <command…>: runs the command if the tool is there; its output is shown if it fails.
check() {
    local what=$1 tool=$2
    shift 2
    if ! command -v "$tool" >/dev/null; then
        echo "missing  $what: there is no $tool (deploy/install-checkers.sh)"
        missing+=("$tool")
        return
    fi
    # As a job: `set -e` holds inside a command only where nothing tests its result.
    "$@" >"$scratch/output" 2>&1 &
    if wait $!; then
        echo "ok       $what"
    else
        echo "FAILED   $what"
        sed 's/^/         /' "$scratch/output"
        failures+=("$what")
    fi
}

# As an operator does; the second run must leave everything as it is.
check_init() {
    mkdir "$scratch/compose"
    cp compose/init.sh compose/.env.example "$scratch/compose/"
    "$scratch/compose/init.sh"
    cp -a "$scratch/compose" "$scratch/before"
    "$scratch/compose/init.sh"
    diff -r "$scratch/before" "$scratch/compose"
    grep -Eq '^POSTGRES_PASSWORD=[0-9a-f]{64}$' "$scratch/compose/.env"
    [[ $(stat -c %a "$scratch/compose/secrets" "$scratch/compose/.env" | xargs) == "700 600" ]]
    [[ $(sort -u "$scratch"/compose/secrets/* | wc -l) == 4 ]]
}

if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi

# What compose makes of the file, with and without TLS; and it refuses to start before .env is filled in.
check_compose() {
    cp compose/.env.example "$scratch/env"
    local settings=(env SERVER_IP=203.0.113.7 PUBLIC_HOST=realm.example POSTGRES_PASSWORD=secret)
    local file=(--file compose/compose.yaml --env-file "$scratch/env")
    "${settings[@]}" "${compose[@]}" "${file[@]}" config >"$scratch/with-tls.yaml"
    grep -q 'WEBSOCKET_URL: wss://realm.example:{port}/play' "$scratch/with-tls.yaml"
    "${settings[@]}" PAGE_SCHEME=http SOCKET_SCHEME=ws "${compose[@]}" "${file[@]}" config >"$scratch/plain.yaml"
    grep -q 'PUBLIC_URL: http://realm.example' "$scratch/plain.yaml"
    for name in SERVER_IP PUBLIC_HOST POSTGRES_PASSWORD; do
        if "${settings[@]}" "$name=" "${compose[@]}" "${file[@]}" config >/dev/null 2>&1; then
            echo "compose starts without $name"
            return 1
        fi
    done
}

# Every variable that our programs are given is a setting of theirs.
check_settings() {
    local known name
    known=$(grep -rhoE 'env = "[A-Z0-9_]+"' ../sidecar ../game/start_server --include='*.rs' | cut -d'"' -f2)
    known+=$'\n'$(grep -ohE '\{\$[A-Z0-9_]+' caddy/Caddyfile | cut -c3-)
    # Of the units, PostgreSQL and Grafana.
    known+=$'\nGAME_PORT\nPOSTGRES_USER\nPOSTGRES_DB\nPOSTGRES_PASSWORD\nGF_SECURITY_ADMIN_PASSWORD__FILE\nGF_ANALYTICS_REPORTING_ENABLED\nPATH'
    {
        grep -hoE '^ +(- name: )?[A-Z][A-Z0-9_]+(:|$)' compose/compose.yaml kubernetes/*.yaml
        grep -hE '^(Environment=|ENV )' systemd/*.service Containerfile | grep -oE '[A-Z][A-Z0-9_]+='
    } | sed -E 's/^ +(- name: )?//; s/[:=]$//' | sort -u >"$scratch/names"
    [[ $(wc -l <"$scratch/names") -gt 20 ]]
    while read -r name; do
        grep -qxF "$name" <<<"$known" || { echo "$name is not a setting"; return 1; }
    done <"$scratch/names"
}

check_prometheus() {
    # Elsewhere there is no service token, so the files that it names are not looked for.
    promtool check config --syntax-only prometheus/prometheus.yml
    promtool check rules --lint=all --lint-fatal prometheus/alerts.yml
    promtool test rules prometheus/alerts_test.yml
    local alert
    for alert in $(sed -n 's/^ *- alert: //p' prometheus/alerts.yml); do
        grep -q "\"$alert\"" prometheus/alerts_test.yml || { echo "no test names $alert"; return 1; }
    done
}

# The pages and headings that alerts refer to.
check_runbooks() {
    python3 - <<'END'
import pathlib, re, sys
dead = []
for page, heading in re.findall(r"runbook: (\S+)#(\S+)", pathlib.Path("prometheus/alerts.yml").read_text()):
    lines = (pathlib.Path("..") / page).read_text().splitlines()
    titles = [line.lstrip("#").strip().lower() for line in lines if line.startswith("#")]
    if heading not in [re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles]:
        dead.append(f"{page} has no heading #{heading}")
sys.exit("\n".join(dead) or 0)
END
}

# As it is on any machine, as compose sets it, and formatted.
check_caddy() {
    export XDG_DATA_HOME="$scratch/caddy" XDG_CONFIG_HOME="$scratch/caddy"
    caddy validate --adapter caddyfile --config caddy/Caddyfile
    PAGE_SCHEME=http PUBLIC_HOST=192.0.2.7 SIDECARS_API="sidecar-1:3000 sidecar-2:3000" MAP_1=map-1:4001 MAP_1_PORT=4001 \
        caddy validate --adapter caddyfile --config caddy/Caddyfile
    caddy fmt caddy/Caddyfile | diff caddy/Caddyfile -
}

# With a certificate and an address that this machine has.
check_nginx() {
    local folder="$scratch/nginx" kind
    mkdir "$folder"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=realm.example \
        -keyout "$folder/privkey.pem" -out "$folder/fullchain.pem"
    sed "s#/etc/letsencrypt/live/realm.example/#$folder/#; s#/var/log/nginx/#$folder/#; s#203\.0\.113\.7#127.0.0.1#" \
        nginx/realmgate.conf >"$folder/realmgate.conf"
    {
        echo "pid $folder/pid; events {}"
        echo "http {"
        for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $folder/$kind;"; done
        echo "include $folder/realmgate.conf; }"
    } >"$folder/nginx.conf"
    nginx -t -e "$folder/error.log" -c "$folder/nginx.conf"
}

check_systemd() {
    local folder="$scratch/systemd" unit program
    mkdir "$folder"
    for program in start_server sidecar; do
        printf '#!/bin/sh\n' >"$folder/$program"
        chmod 755 "$folder/$program"
    done
    for unit in systemd/*.service; do
        sed "s#^ExecStart=/opt/realmgate/#ExecStart=$folder/#" "$unit" >"$folder/${unit#systemd/}"
    done
    cp "$folder/realmgate-map@.service" "$folder/realmgate-map@1.service"
    # What it does not like is only printed.
    systemd-analyze verify "$folder/realmgate-sidecar.service" "$folder/realmgate-map@1.service" >"$folder/said" 2>&1
    cat "$folder/said"
    [[ ! -s "$folder/said" ]]
}

# Rotates a log in a folder of ours that a process has open: its next line is in the emptied file.
check_logrotate() {
    local folder="$scratch/logrotate"
    mkdir -p "$folder/map-server-1"
    sed "s#/var/lib/realmgate/#$folder/#; /^ *su /d" logrotate/realmgate >"$folder/config"
    chmod 644 "$folder/config"
    logrotate --debug "$folder/config"
    exec 9>>"$folder/map-server-1/map_server.log"
    echo before >&9
    logrotate --force --state "$folder/state" "$folder/config"
    echo after >&9
    exec 9>&-
    [[ $(cat "$folder/map-server-1/map_server.log") == after ]]
    [[ $(cat "$folder/map-server-1/map_server.log.1") == before ]]
}

check_kubernetes() {
    local file files=()
    for file in kubernetes/*.yaml; do
        # No resource of the cluster: `kubectl apply --kustomize` reads it.
        [[ $file == */kustomization.yaml ]] || files+=("$file")
    done
    kubernetes-validate --strict "${files[@]}"
    for file in $(sed -n 's/^  - \(.*\.yaml\)$/\1/p' kubernetes/kustomization.yaml); do [[ -f kubernetes/$file ]]; done
}

check_grafana() {
    python3 -c '
import json, pathlib
json.loads(pathlib.Path("grafana/realmgate.json").read_text())'
}

check "compose/init.sh" sh check_init
check "compose/compose.yaml" "${compose[0]}" check_compose
check "settings" grep check_settings
check "prometheus/" promtool check_prometheus
check "runbooks of the alerts" python3 check_runbooks
check "grafana/" python3 check_grafana
check "caddy/Caddyfile" caddy check_caddy
check "nginx/realmgate.conf" nginx check_nginx
check "systemd/" systemd-analyze check_systemd
check "logrotate/realmgate" logrotate check_logrotate
check "kubernetes/" kubernetes-validate check_kubernetes
check "Containerfile" hadolint hadolint Containerfile

((${#failures[@]} == 0)) || { echo "${#failures[@]} checks failed"; exit 1; }
if ((${#missing[@]} > 0)); then
    echo "not checked, for lack of: ${missing[*]}"
    ! is_ci || { echo "on CI nothing is skipped"; exit 1; }
fi
