#!/bin/sh
# Put each mounted secret into the variable its file is named after, then become the given command.
set -eu
for file in /run/secrets/*; do
    name=${file##*/}
    case $name in
        '*' | *[!A-Z0-9_]*) continue ;; # none is mounted, or it is another program's
    esac
    value=$(cat "$file")
    export "$name=$value"
done
exec "$@"
