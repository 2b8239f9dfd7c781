#!/bin/sh
# SPDX-License-Identifier: MIT
# A round trip in virtual time is the configured latencies plus the guests' own software time, to the picosecond:
# a link that is 1 us longer moves every measured time by exactly what it adds. usage: rtt.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/run/lib.sh"
command -v tshark >/dev/null || {
    echo "skipped: tshark is not installed"
    exit 77
}
file=$top/tests/guest/run/pair.yaml
fwd=300000 # ps: default forwarding latency of the switch
ser=9760   # ps: 98 bytes of ping and 24 of overhead at 100 Gb/s

# echoes TAG: one line per ping, "seq A B C D" in ps: request into the switch, out of it, reply into it, out of it.
echoes() {
    dir=$(get "$1" .run)
    for p in p0 p1; do
        tshark -r "$dir/pcap/sw0-$p.pcapng" -Y icmp -T fields -e icmp.seq -e icmp.type -e frame.comment 2>/dev/null |
            sed -n "s/^\([0-9]*\)\t\([80]\)\tt_ps=\([0-9]*\) .*/$p \1 \2 \3/p"
    done | awk '{ t[$2, $1, $3] = $4; if ($2 > n) n = $2 }
        END { for (i = 1; i <= n; i++) print i, t[i, "p0", 8], t[i, "p1", 8], t[i, "p1", 0], t[i, "p0", 0] }'
}

# pings TAG: the times that ping printed, in us.
pings() {
    get "$1" '.workloads[0].output' | sed -n 's/.*time=0\.\([0-9]*\) ms$/\1/p' | sed 's/^0*//'
}

# Two things a guest's kernel does by itself would come between, both seen in a log of the code that node0 executed:
# - ping asks for receive timestamps, which a worker turns on by patching the kernel's code (__jump_label_patch): the first
#   reply may come before that is done, and is then timed when ping runs again. The first echo is not compared.
# - every two seconds the kernel averages its pressure figures (psi_avgs_work), and keeps interrupts off for 10 us when
#   the worker goes back to sleep: a reply in between waits. The pings start at another time.
start=workload[0].at=40ms
pings='workload[0].run=ping -c 5 -i 0.01 node1'
must near "$file" --set $start --set "$pings" && must far "$file" --set $start --set "$pings" --set fabric.defaults.latency=1500ns
if [ "$fails" = 0 ]; then
    echoes near >"$runs/near.txt"
    echoes far >"$runs/far.txt"
    [ "$(wc -l <"$runs/near.txt")" = 5 ] && ok "five echoes were captured" || fail "captured: $(cat "$runs/near.txt")"

    # The switch adds its forwarding latency and nothing else to a frame on an idle port.
    awk -v fwd=$fwd '$3 - $2 != fwd || $5 - $4 != fwd { bad = 1 } END { exit bad }' "$runs/near.txt" "$runs/far.txt" &&
        ok "the switch takes $fwd ps each way" || fail "forwarding latency: $(cat "$runs/near.txt" "$runs/far.txt")"

    # Behind the switch: two links, two serialisations, and node1's own time, which the longer link does not change.
    paste "$runs/near.txt" "$runs/far.txt" | awk -v ser=$ser '
        {
            own = $4 - $3 - 2 * 500000 - 2 * ser
            if (own != $9 - $8 - 2 * 1500000 - 2 * ser || own <= 0) { bad = 1 }
            printf "# echo %d: node1 takes %.3f us of its own\n", $1, own / 1e6
        }
        END { exit bad || NR != 5 }' &&
        ok "node1's own time is the same behind both links" || fail "the far link changed more than its latency"

    # What ping prints holds node0's own time too, which is the same as long as node0 sleeps when the reply arrives.
    pings near >"$runs/near.ping"
    pings far >"$runs/far.ping"
    paste "$runs/near.ping" "$runs/far.ping" | awk 'NR > 1 && $2 - $1 != 4 { bad = 1 } END { exit bad || NR != 5 }' &&
        ok "every ping but the first shows exactly 4 us more: four links of 1 us ($(paste -sd' ' "$runs/near.ping") and $(paste -sd' ' "$runs/far.ping"))" ||
        fail "pings near and far: $(paste -sd' ' "$runs/near.ping"), $(paste -sd' ' "$runs/far.ping"); did node0 do something else (psi_avgs_work)?"
fi
finish
