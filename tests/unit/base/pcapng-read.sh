#!/bin/sh
# SPDX-License-Identifier: MIT
# A capture made of our blocks reads back in tshark: times, interfaces, lengths, comments. usage: pcapng-read.sh TEST_PCAPNG
command -v tshark >/dev/null || {
    echo "1..0 # SKIP tshark is not installed"
    exit 77
}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
"$1" "$tmp/t.pcapng" || exit 1
TZ=UTC tshark -n -r "$tmp/t.pcapng" -T fields -e frame.time_epoch -e frame.interface_name -e frame.len -e frame.comment \
    >"$tmp/got" 2>"$tmp/err"
printf '%s\t%s\t%s\t%s\n' \
    0.001204350 leaf0/0 60 't_ps=1204350112 q=16384 ecn=1' \
    0.001204351 leaf0/0 60 't_ps=1204350112 q=16384 ecn=1' \
    0.001204352 leaf0/1 60 't_ps=1204350112 q=16384 ecn=1' >"$tmp/want"
echo 1..1
if diff "$tmp/want" "$tmp/got"; then
    echo "ok 1 - tshark reads the capture back"
else
    cat "$tmp/err"
    echo "not ok 1 - tshark reads the capture back"
    exit 1
fi
