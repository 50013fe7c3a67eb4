#!/bin/sh
# Pretends to be start_server for the tests of the server manager: lists the maps in MAPS, writes down each start, says
# that it is ready (at the health port of the test, ADMIN) and ends with its standard input; with BROKEN it fails.
if [ "$1" = --maps ]; then
    printf '%s\n' "$MAPS"
    exit
fi
echo "$1 $SERVER_ID $$" >> "$STARTS"
if [ -n "$BROKEN" ]; then
    exit 1
fi
printf '{"pid": %s, "admin": "%s"}' $$ "$ADMIN" > "$DATA_DIR/$SERVER_ID/ready.json"
exec cat
