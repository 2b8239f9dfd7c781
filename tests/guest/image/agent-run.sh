#!/bin/bash
# SPDX-License-Identifier: MIT
# The agent runs a job: start times, output, ends, marks, names, addresses; broken set-ups are refused.
# shellcheck source=tests/guest/image/guest.sh
. "$(dirname "$0")/guest.sh"

need_image
need_qemu
need_device vdc-agent
need_device hinic
nic=hinic,nnodes=300,loopback=on,node

workload() { printf 'workload %s at %s len %s\n%s\n' "$1" "$2" "$(printf %s "$3" | wc -c)" "$3"; }
run() { # job, name: events and outputs lie in $work/$name
    mkdir -p "$work/$2"
    boot "$work/$2.console" "$IMAGE/initrd.img" \
        -device "vdc-agent,node=1,nnodes=300,job=$1,out=$work/$2" -device "$nic=1"
}

{
    echo "vdc-job 1"
    workload 0 0 'echo "node $VDC_NODE of $VDC_NODES is $(hostname)"
        tail -1 /etc/hosts; vdc-mark 0x1234
        ip -o address show dev eth0 | cut -d" " -f7; ip neigh show nud permanent | wc -l
        ip neigh show 10.0.1.50; exit 3'
    workload 2 30000000 'echo late; vdc-vtime; kill -9 $$'
    workload 1 10000000 'vdc-vtime; head -c 200000 /dev/zero | tr "\0" x; echo; echo err >&2'
    workload 9 1000000000 'poweroff -f'
} > "$work/job"
run "$work/job" one
run "$work/job" two
events=$work/one/events.log
cat "$events"
diff -r "$work/one" "$work/two" || fail "two runs differ"
[ "$(head -1 "$work/one/workload-0.out")" = "node 1 of 300 is node1" ] || fail "identity"
[ "$(sed -n 2p "$work/one/workload-0.out")" = "10.0.1.50 node299" ] || fail "/etc/hosts"
[ "$(sed -n 3p "$work/one/workload-0.out")" = "10.0.0.2/16" ] || fail "address"
grep -qx 299 "$work/one/workload-0.out" || fail "not 299 neighbours"
grep -q '^10.0.1.50 .* 02:48:43:00:12:b1 ' "$work/one/workload-0.out" || fail "MAC of node 299"
grep -q '^[0-9]* mark 0x1234$' "$events" || fail "no mark"
grep -q '^[0-9]* exit 0 3$' "$events" || fail "no exit status 3 of workload 0"
grep -q '^[0-9]* exit 2 137$' "$events" || fail "no signal status of workload 2"
[ "$(tail -c 200005 "$work/one/workload-1.out" | tr -d x | tr '\n' ,)" = ",err," ] ||
    fail "200000 bytes of output"
for k in 1 2; do # starts at or after the time asked for, and not long after it
    at=$((k == 1 ? 10000000 : 30000000))
    seen=$(grep -m1 -E '^[0-9]+$' "$work/one/workload-$k.out")
    { [ "$seen" -ge $at ] && [ "$seen" -lt $((at + 40000000)) ]; } ||
        fail "workload $k started at $seen, not $at"
done

refuse() { # text of the job, what the agent must say, initramfs
    printf '%s' "$1" > "$work/bad"
    mkdir -p "$work/refused"
    rm -f "$work/refused"/*
    qemu "${3:-$IMAGE/initrd.img}" -device "$nic=0" \
        -device "vdc-agent,node=0,nnodes=1,job=$work/bad,out=$work/refused" 2> "$work/stderr" &&
        fail "a guest that failed ended with status 0"
    grep -q "fail $2" "$work/refused/events.log" ||
        fail "expected '$2': $(cat "$work/refused/events.log" "$work/stderr")"
}
refuse "nonsense" "job line 1: "
refuse "$(printf 'vdc-job 1\nmodules nosuchmodule\nx')" "job line 3: "
refuse "$(printf 'vdc-job 1\nmodules nosuchmodule\n ')x" "job line 3: "
refuse "vdc-job 1
modules nosuchmodule
" "modprobe: .*nosuchmodule"
mkdir -p "$work/root/etc/vdc"
: > "$work/root/etc/vdc/modules"
initrd "$work/initrd"
refuse "vdc-job 1
" "HiNIC 0000:.* has no driver" "$work/initrd"
echo "PASS"
