#!/bin/bash
# SPDX-License-Identifier: MIT
# The HiNIC driver in the guest: loads without a device; with one in loopback the agent's addresses, frames
# that come back, settings, MTU and reloading; two boots are equal.
# shellcheck source=tests/guest/image/guest.sh
. "$(dirname "$0")/guest.sh"

need_image
need_qemu
need_device hinic
grep -q hicain_net "$IMAGE/manifest.json" || skip "the image has no driver"
spec=$(sed -n 's/^  "hinic_spec": "\(.*\)",$/\1/p' "$IMAGE/manifest.json")

mkdir -p "$work/root/etc/vdc"
cat > "$work/root/etc/vdc/standalone" <<'SCRIPT'
exec 2>&1
lsmod | grep '^hicain_net'
[ -e /sys/class/net/eth0 ] || { echo "no eth0"; exit 0; }
try() { echo "+ $*"; "$@" || echo "status $?"; }
received() { cat /sys/class/net/eth0/statistics/rx_packets; }
sleep 0.1
try ip -c=never address show dev eth0
try ip -c=never neighbour show dev eth0
try cat /sys/class/net/eth0/carrier
for option in -i -l -g -k -c -x ''; do try ethtool $option eth0; done
before=$(received)
try ping -b -c 10 -i 0.01 -W 0.1 10.0.255.255
echo "received $(($(received) - before)) broadcasts"
for mtu in 68 1500 9000 4200; do try ip link set eth0 mtu $mtu; done
try ethtool -L eth0 combined 1
try ethtool -G eth0 rx 512 tx 128
try ethtool -K eth0 tso off rx off
try ethtool -K eth0 tso on rx on
before=$(received)
try ping -b -c 10 -i 0.01 -W 0.1 10.0.255.255
echo "received $(($(received) - before)) broadcasts"
try ethtool -S eth0
i=0
while [ $i -lt 5 ]; do
    i=$((i + 1))
    try rmmod hicain_net
    try modprobe hicain_net
    try ip link set eth0 up
done
sleep 0.1
try cat /sys/class/net/eth0/carrier
dmesg -r | grep -E '^<[0-4]>' | grep -v 'taints kernel' |
    grep -iE 'hicain|eth0|WARN|BUG|Call Trace' || echo "kernel log is quiet"
SCRIPT
initrd "$work/initrd"

boot "$work/bare" "$work/initrd"
grep -q '^hicain_net ' "$work/bare" || fail "the module does not load: $(cat "$work/bare")"
grep -q '^no eth0' "$work/bare" || fail "a netdev without a device"

for i in 1 2; do
    boot "$work/console$i" "$work/initrd" -device hinic,node=0,nnodes=2,mtu=9000,loopback=on
done
cat "$work/console1"
expect() { # pattern, times, what it means otherwise
    [ "$(tr -d "\r" < "$work/console1" | grep -cE "$1")" = "$2" ] || fail "$3"
}
cmp "$work/console1" "$work/console2" || fail "two boots differ"
expect '^ *link/ether 02:48:43:00:00:01 ' 1 "not the MAC of node 0"
expect '^ *inet 10\.0\.0\.1/16 brd 10\.0\.255\.255 ' 1 "not the address of node 0"
expect 'mtu 4200 ' 1 "not the default MTU"
expect '^10\.0\.0\.2 lladdr 02:48:43:00:00:11 PERMANENT' 1 "no neighbour entry for node 1"
expect "^version: $spec" 1 "ethtool -i does not say $spec"
expect '^received 1[0-9] broadcasts' 2 "frames did not come back"
expect '^1$' 2 "no carrier"
expect '^status [02-9]' 0 "a setting was refused"
expect '^kernel log is quiet' 1 "the driver complains"
echo PASS
