#!/bin/sh
# SPDX-License-Identifier: MIT
# HiNIC against soft-RoCE over links that lose 1 % in each direction: reliable services deliver everything, no service
# delivers wrong data, and the counters show the repair. usage: interop-loss.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs
file=$runs/loss.yaml
sed -e 's/loss: 0}/loss: 1%}/' -e 's/strict=1/strict=0/' -e 's/for mtu in .*;/for mtu in 256 1024 4096;/' \
    "$top/tests/guest/verbs/interop.yaml" >"$file"

if must main "$file"; then
    all_zero main
    for way in 'to rxe:@node1' 'from rxe:@node0'; do
        for what in 6@ibv_rc 2@ibv_srq 2@rping; do
            says main "${what%@*}" "^${way%@*} ${what#*@}.* = (exit 0 here, 0 on ${way#*@}|complete at one end)\$"
        done
    done
    # Both roles of HiNIC had something to repair.
    for c in out_of_sequence duplicate_request packet_seq_err hinic_retx_bytes; do
        says main 1 "^counter $c	[1-9][0-9]*\$"
    done
    clean_frames main 1000
fi
finish
