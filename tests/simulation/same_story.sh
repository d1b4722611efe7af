#!/bin/sh
# The same seed twice, to the byte: the whole story, and the digest of every frame.
set -eu
for seed in 3 4 5; do
    once=$("$1" --seed $seed --trace | grep -v "simulated seconds a second" | cksum)
    again=$("$1" --seed $seed --trace | grep -v "simulated seconds a second" | cksum)
    [ "$once" = "$again" ] || { echo "seed $seed: $once, then $again" >&2; exit 1; }
done
