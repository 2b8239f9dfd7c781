#!/bin/sh
# SPDX-License-Identifier: MIT
# One experiment, one digest: idle, under CPU hogs, with random sleeps in guests and windows, and for any cut into windows.
# usage: determinism.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/run/lib.sh"
file=$top/tests/guest/run/pair.yaml
hogs=

hogs_start() {
    for i in 1 2 3; do
        timeout 300 sh -c 'while :; do :; done' &
        hogs="$hogs $!"
    done
}

hogs_stop() {
    for p in $hogs; do
        kill "$p" 2>/dev/null || true
        wait "$p" 2>/dev/null || true
    done
    hogs=
}
trap hogs_stop EXIT

must idle-1 "$file"
must idle-2 "$file"
hogs_start
must hogs-1 "$file"
must hogs-perturb "$file" --perturb 3
hogs_stop
must perturb "$file" --perturb 7
must half "$file" --windows L/2
must seventh "$file" --windows L/7
must random "$file" --windows random:5
[ "$fails" = 0 ] && same idle-1 idle-2 hogs-1 hogs-perturb perturb half seventh random
# A test that cannot fail proves nothing: another seed is another run.
must other-seed "$file" --set seed=12
[ "$(get other-seed .digest)" != "$(get idle-1 .digest)" ] && ok "another seed, another digest" ||
    fail "the digest does not depend on the seed"
finish
