#!/bin/sh
# SPDX-License-Identifier: MIT
# Links that lose, damage and delay frames, bursts and a flap: each run loses the same frames, and the counters at both
# ends of every direction explain all of them. usage: loss.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/run/lib.sh"
command -v tshark >/dev/null || {
    echo "skipped: tshark is not installed"
    exit 77
}
file=$top/tests/guest/run/loss.yaml

# answered TAG: the sequence numbers that ping saw.
answered() {
    get "$1" '.workloads[] | select(.run | startswith("ping")) | .output' | sed -n 's/.*icmp_seq=\([0-9]*\) ttl.*/\1/p' | paste -sd' '
}

# gaps TAG: how often a number is missing between two that were answered.
gaps() {
    answered "$1" | tr ' ' '\n' | awk 'NR > 1 && $1 != last + 1 { n++ } { last = $1 } END { print n + 0 }'
}

# counter TAG NODE NAME: of the guest's NIC.
counter() {
    get "$1" ".workloads[] | select(.node == \"$2\" and (.run | startswith(\"ethtool\"))) | .output" |
        sed -n "s/^ *$3: \([0-9]*\)\$/\1/p"
}

# captured TAG PORT DIR: frames in a capture of the switch.
captured() {
    tshark -r "$(get "$1" .run)/pcap/sw0-$2.pcapng" -T fields -e frame.comment 2>/dev/null | grep -c " dir=$3 " || true
}

# received TAG NODE: frames that the NIC took from the link; multicast that the guest does not want is filtered.
received() {
    echo $(($(counter "$1" "$2" port_rx_frames) + $(counter "$1" "$2" rx_filtered)))
}

# lost TAG PORT: frames that the switch says were lost on the way out of a port.
lost() {
    jq -s "[.[] | select(.ev == \"fault\" and .port == $2)] | length" "$(get "$1" .run)/series/sw0.jsonl"
}

# equal WHAT A B
equal() {
    [ "$2" = "$3" ] && ok "$1: $2" || fail "$1: $2, expected $3"
}

must one "$file" && must two "$file" --perturb 5 --windows random:3 || finish
same one two
equal "the same pings were answered twice" "$(answered two)" "$(answered one)"
n=$(answered one | wc -w)
# Four chances: 10 % on each way of the request, 5 % of the answer damaged by node1's link.
[ "$n" -ge 35 ] && [ "$n" -le 57 ] && ok "$n of 60 answered" || fail "$n of 60 answered, expected about 46"

# From a guest: what its NIC sent is what the switch got and what the link lost; that of the damaged ones too.
for node in 0 1; do
    sent=$(counter one node$node port_tx_frames)
    gone=$(counter one node$node tx_link_lost)
    [ "$gone" -gt 0 ] && ok "node$node's link lost $gone of $sent frames" || fail "node$node's link lost nothing of $sent"
    equal "node$node: frames sent, less those lost, reach the switch" "$((sent - gone))" "$(captured one p$node rx)"
done
# To a guest: what the switch sent is what the NIC got and what the switch says was lost.
gone=$(lost one 1)
[ "$gone" -gt 0 ] && ok "the link to node1 lost $gone frames" || fail "the link to node1 lost nothing"
equal "to node1: frames sent, less those lost, arrive" "$(($(captured one p1 tx) - gone))" "$(received one node1)"
equal "to node0: every frame arrives" "$(captured one p0 tx)" "$(received one node0)"

# Without loss, jitter shows in the times at which requests reach the switch, and nowhere else.
sed -e 's/loss: 10%, //' -e 's/loss: 10%//' -e 's/corrupt: 5%//' "$file" >"$runs/jitter.yaml"
sed -e 's/, jitter: 2us//' -e 's/{jitter: 2us}/{}/' "$runs/jitter.yaml" >"$runs/plain.yaml"
must jitter "$runs/jitter.yaml" && must plain "$runs/plain.yaml" || finish
equal "no frame is lost without loss" "$(answered jitter | wc -w)" 60
for tag in jitter plain; do
    tshark -r "$(get $tag .run)/pcap/sw0-p0.pcapng" -Y 'icmp.type == 8' -T fields -e frame.comment 2>/dev/null |
        sed 's/t_ps=\([0-9]*\) .*/\1/' >"$runs/$tag.t"
done
paste "$runs/jitter.t" "$runs/plain.t" | awk '{ d = $1 - $2; if (d < 0 || d > 2000000) bad = 1; if (d != last) n++; last = d }
    END { exit bad || NR < 5 || n < 2 }' && ok "requests come up to 2 us later, each by its own draw" ||
    fail "jitter: $(paste "$runs/jitter.t" "$runs/plain.t" | head -n 5)"

# Bursts (Gilbert-Elliott) towards node1, and links that go away for 50 and 30 ms: gaps in what ping saw.
sed -e 's/loss: 10%, jitter: 2us//' -e 's/loss: 10%/burst_enter: 10%, burst_leave: 40%/' -e 's/corrupt: 5%//' "$file" >"$runs/burst.yaml"
must burst "$runs/burst.yaml" || finish
gone=$(lost burst 1)
missing=$(gaps burst)
[ "$gone" -gt 2 ] && [ "$missing" -gt 0 ] && [ "$missing" -lt "$gone" ] && ok "$gone frames lost in $missing bursts" ||
    fail "bursts: $gone frames lost in $missing gaps"

cat "$runs/plain.yaml" - >"$runs/flap.yaml" <<END
faults: [{at: 200ms, link: node1, kind: flap, for: 50ms}, {at: 400ms, link: "sw0:p0", kind: flap, for: 30ms}]
END
must flap-1 "$runs/flap.yaml" && must flap-2 "$runs/flap.yaml" --windows L/2 || finish
same flap-1 flap-2
jq -c 'select(.ev == "link")' "$(get flap-1 .run)/series/sw0.jsonl" >"$runs/links.txt"
for line in '200000000000 1 down' '250000000000 1 up' '400000000000 0 down' '430000000000 0 up'; do
    jq -r '"\(.t) \(.port) \(.link)"' "$runs/links.txt" | grep -qx "$line" && ok "the switch says: $line" ||
        fail "no event '$line': $(cat "$runs/links.txt")"
done
equal "gaps in what ping saw ($(answered flap-1 | wc -w) of 60 answered)" "$(gaps flap-1)" 2
finish
