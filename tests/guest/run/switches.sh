#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests behind two switches: the way between racks costs what its links say, captures at both ends of the link between
# them agree, and the run repeats bit for bit. usage: switches.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/run/lib.sh"
command -v tshark >/dev/null || {
    echo "skipped: tshark is not installed"
    exit 77
}
file=$top/examples/two-switches.yaml

must one "$file" || finish
n=$(get one '[.workloads[] | select(.exit != 0)] | length')
[ "$n" = 0 ] && ok "every workload left with 0" || fail "$n workloads failed"
n=$(get one '.workloads[].output' | grep -c ' 0% packet loss' || true)
[ "$n" = 2 ] && ok "pings inside a rack and between racks" || fail "$n of 2 pings without loss"
dir=$(get one .run)
[ "$(jq '.switches | length' "$dir/result.json")" = 2 ] && grep -q '^1 [0-9]* left ' "$dir/hash.log" &&
    grep -q '^1 [0-9]* right ' "$dir/hash.log" && ok "both switches are in the results" || fail "results of two switches"

# What leaves one switch arrives at the other: 98 bytes of ping and 24 of overhead at 25 Gb/s, and 5 us.
for side in left right; do
    tshark -r "$dir/pcap/$side-p3.pcapng" -Y icmp -T fields -e icmp.seq -e icmp.type -e frame.comment 2>/dev/null |
        sed -n "s/^\([0-9]*\)\t\([80]\)\tt_ps=\([0-9]*\) dir=\([rt]x\) .*/\1 \2 \4 \3/p" | sort >"$runs/$side.txt"
done
sed -n 's/ tx / /p' "$runs/right.txt" | sort >"$runs/sent.txt"
sed -n 's/ rx / /p' "$runs/left.txt" | sort >"$runs/got.txt"
join -j 1 "$runs/sent.txt" "$runs/got.txt" | awk '$5 - $3 != 5000000 + 39040 { bad = 1 } END { exit bad || NR != 10 }' &&
    ok "ten requests take 5039.040 ns from switch to switch" || fail "between the switches: $(join -j 1 "$runs/sent.txt" "$runs/got.txt" | head -n 3)"

must two "$file" --windows random:3 --perturb 4
[ "$fails" = 0 ] && same one two
diff -r "$dir/pcap" "$(get two .run)/pcap" >/dev/null && ok "the same captures" || fail "captures differ"
finish
