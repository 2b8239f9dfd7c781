#!/bin/sh
# SPDX-License-Identifier: MIT
# What coupling costs: n guests under one virtual clock against the same n guests in n experiments of their own,
# at the same time; busy and idle. JSON lines; wall seconds without boot. windows: of all guests together, with a barrier;
# moves: what a guest added to its own window without one; window_ns: virtual time between two looks of a guest at the others,
# mean. usage: coupled.sh BUILD [REPEATS]
set -eu
cd "$(dirname "$0")/../../.."
vdc=$1/vdc
repeats=${2:-3}
here=tests/bench/guest
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Seconds of a run's JSON object that virtual time took.
wall() {
    jq -s 'map(.wall_s - .boot_s) | max' "$@"
}

median() {
    sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# couple FILE N SHIFT -> one number: the wall time of n guests in one experiment
couple() {
    "$vdc" --dir "$work/runs" run -q --json "$here/$1.yaml" --set "nodes.count=$2" --set "time.shift=$3" >"$work/coupled.json"
    wall "$work/coupled.json"
}

# alone FILE N SHIFT -> one number: the longest wall time of n experiments with one guest each, side by side
alone() {
    pids=
    for i in $(seq "$2"); do
        taskset -c $(((i - 1) % $(nproc))) "$vdc" --dir "$work/runs-$i" run -q --json "$here/$1.yaml" --set nodes.count=1 \
            --set "time.shift=$3" >"$work/alone-$i.json" &
        pids="$pids $!"
    done
    for p in $pids; do
        wait "$p"
    done
    wall "$work"/alone-*.json
    rm -f "$work"/alone-*.json
}

# measure FILE N SHIFT
measure() {
    : >"$work/c"
    : >"$work/a"
    for r in $(seq "$repeats"); do
        couple "$1" "$2" "$3" >>"$work/c"
        alone "$1" "$2" "$3" >>"$work/a"
    done
    c=$(median <"$work/c")
    a=$(median <"$work/a")
    jq -c --arg load "$1" --argjson n "$2" --argjson shift "$3" --argjson c "$c" --argjson a "$a" '{bench: "coupled",
        load: $load, guests: $n, shift: $shift, coupled_s: $c, alone_s: $a, ratio: ($c / $a * 1000 | round / 1000),
        windows, moves, window_ns: (.virtual_ns * $n / (.windows * $n + .moves + 1) | round), virtual_ns, skipped_ps}' \
        "$work/coupled.json"
}

measure busy 2 2
measure busy 2 0
measure busy 5 2
measure idle 2 2
