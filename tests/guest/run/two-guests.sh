#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job: ping and iperf3 between two live guests; the run repeats bit for bit. usage: two-guests.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/run/lib.sh"

if must main "$top/examples/two-guests.yaml"; then
    [ "$(get main .status)" = done ] && ok "status is done" || fail "status is $(get main .status)"
    n=$(get main '[.workloads[] | select(.exit != 0)] | length')
    [ "$n" = 0 ] && ok "every workload left with 0" || fail "$n workloads failed"
    get main '.workloads[] | select(.output | test("20 packets transmitted, 20 received")) | .node' | grep -q . &&
        ok "20 of 20 pings answered" || fail "pings were lost: $(get main '.workloads[0].output')"
    get main '.workloads[].output' | grep -qE 'receiver' && ok "iperf3 reports its receiver" || fail "no iperf3 report"
    dir=$(get main .run)
    if "$vdc" --dir "$runs/main" verify "$dir" >"$runs/verify.out" 2>&1; then
        ok "verify: the second run is identical"
    else
        fail "verify: $(tail -n 5 "$runs/verify.out")"
    fi
fi
finish
