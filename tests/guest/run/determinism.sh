#!/bin/sh
# SPDX-License-Identifier: MIT
# One experiment, one digest: idle, under CPU hogs, with random sleeps in every process, and for any cut into windows;
# the same with commands to the switch, whose journal, telemetry and captures must not move either.
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

sed -e 's/ping -c 4 -i 0.01 node1/ping -c 8 -i 0.005 -W 0.01 node1; exit 0/' "$file" >"$runs/commands.yaml"
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
# Commands keep the switch daemon busy: its sleeps come between them, their answers, the journal and the files.
cat >"$runs/commands.log" <<END
{"vt":1000000000,"cmd":{"cmd":"telemetry.sub","interval":"50us","sub":1,"sink":"samples.jsonl"}}
{"vt":15000000000,"cmd":{"cmd":"fault.set","port":1,"loss":0.3}}
{"vt":25000000000,"cmd":{"cmd":"fault.clear","port":1}}
{"vt":30000000000,"cmd":{"cmd":"port.set","port":0,"state":"down"}}
{"vt":34000000000,"cmd":{"cmd":"port.set","port":0,"state":"up"}}
{"vt":36000000000,"cmd":{"cmd":"fdb.flush"}}
{"vt":40000000000,"cmd":{"cmd":"telemetry.unsub","sub":1}}
END
for tag in commands-1 commands-2 commands-3; do
    case $tag in
    *-1) more= ;;
    *-2) more="--perturb 3" ;;
    *) more="--perturb 7 --windows random:5" ;;
    esac
    # shellcheck disable=SC2086 -- a list of words is meant
    must $tag "$runs/commands.yaml" --replay "$runs/commands.log" $more
done
if [ "$fails" = 0 ]; then
    same commands-1 commands-2 commands-3
    one=$(get commands-1 .run)
    for tag in commands-2 commands-3; do
        diff -r -x hosts -x manifest.json "$one" "$(get $tag .run)" >"$runs/$tag.diff" &&
            ok "$tag: every file is the same" || fail "$tag: $(head -n 5 "$runs/$tag.diff")"
    done
    [ "$(wc -l <"$one/control.log")" = 7 ] && [ -s "$one/pcap/samples.jsonl" ] &&
        ok "seven commands in the journal, samples in their file" || fail "commands: $(cat "$one/control.log")"
fi
# A test that cannot fail proves nothing: another seed is another run.
must other-seed "$file" --set seed=12
[ "$(get other-seed .digest)" != "$(get idle-1 .digest)" ] && ok "another seed, another digest" ||
    fail "the digest does not depend on the seed"
finish
