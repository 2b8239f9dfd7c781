#!/bin/bash
# SPDX-License-Identifier: MIT
# Two boots of the image write the same console: clocks, random numbers and addresses included.
# shellcheck source=tests/guest/image/guest.sh
. "$(dirname "$0")/guest.sh"

need_image
need_qemu any
mkdir -p "$work/root/etc/vdc"
cat > "$work/root/etc/vdc/standalone" <<'SCRIPT'
exec 2>&1
echo "begin $(uname -r) $(date -u +%s.%N)"
cat /proc/uptime /proc/sys/kernel/random/boot_id /proc/interrupts /proc/self/maps
head -c 16 /dev/urandom | od -An -tx1
dmesg | tail -n 40
ip -d address
ping -c 3 -i 0.01 127.0.0.1
for tool in ip tc ss ethtool dcb devlink rdma iperf3 ping modprobe; do
    command -v $tool || echo "no $tool"
done
modprobe 8021q && lsmod
i=0
while [ $i -lt 50 ]; do i=$((i + 1)); true & done
wait
echo "end $(date -u +%s.%N)"
SCRIPT
initrd "$work/initrd"
boot "$work/console1" "$work/initrd"
boot "$work/console2" "$work/initrd"
expect() { # pattern, what it means when it is not on the console
    grep -q "$1" "$work/console1" || { cat "$work/console1"; fail "$2"; }
}
expect '^begin 6' "the guest did not get to its script"
expect '^end 1893456' "the guest did not end its script"
expect '^3 packets transmitted, 3 received' "ping does not work in the guest"
expect '^8021q' "modprobe does not work in the guest"
! grep '^no ' "$work/console1" || fail "the image lacks a tool"
cmp "$work/console1" "$work/console2" || {
    diff -a "$work/console1" "$work/console2" | head -20
    fail "two boots differ"
}
echo "PASS: sha256 $(sha256sum < "$work/console1" | cut -c1-64), $(wc -l < "$work/console1") lines"
