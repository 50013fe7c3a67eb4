#!/bin/sh
# Makes what compose.yaml needs and the repository does not have: .env, and the secrets that the processes share. What is
# there already stays as it is.
set -eu
cd "$(dirname "$0")"
umask 077

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# Containers read the files as users of their own, so the files are open and the folder is closed.
mkdir -p secrets
chmod 700 secrets
for name in jwt_secret ticket_key service_token grafana_password; do
    if [ ! -s "secrets/$name" ]; then
        random >"secrets/$name.new"
        chmod 444 "secrets/$name.new"
        mv "secrets/$name.new" "secrets/$name"
        echo "made secrets/$name"
    fi
done

if [ ! -e .env ]; then
    sed "s/^POSTGRES_PASSWORD=\$/POSTGRES_PASSWORD=$(random)/" .env.example >.env.new
    mv .env.new .env
    echo "made .env: set SERVER_IP and PUBLIC_HOST in it"
fi
