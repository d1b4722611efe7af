#!/bin/sh
# Planted bugs that a few seeds must find: a simulator that sees nothing would pass every sweep.
set -eu
simulator=$1
shift
for bug in "$@"; do
    if "$simulator" --bug "$bug" --runs 200 --shrink 0 >/dev/null 2>&1; then
        echo "200 seeds do not find $bug" >&2
        exit 1
    fi
done
