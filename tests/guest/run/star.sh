#!/bin/sh
# SPDX-License-Identifier: MIT
# N guests on one switch: every pair answers pings, and two runs have one digest. usage: star.sh BUILD SOURCE N
build=$1
top=$2
n=$3
. "$top/tests/guest/run/lib.sh"
runs=$runs-$n
mkdir -p "$runs"

for tag in first second; do
    must "$tag" "$top/examples/star-$n.yaml" || continue
    # Every node pings every other one: n * (n - 1) reports without loss.
    have=$(get "$tag" '.workloads[].output' | grep -c ' 0% packet loss' || true)
    want=$((n * (n - 1)))
    [ "$have" = "$want" ] && ok "$tag: $have of $want pairs" || fail "$tag: $have of $want pairs answered"
done
[ "$fails" = 0 ] && same first second
finish
