#!/bin/sh
# SPDX-License-Identifier: MIT
# HiNIC against soft-RoCE, the kernel's independent implementation: every service, both directions, all path MTUs, IPv4
# and IPv6. usage: interop.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs

if must main "$top/examples/rxe-interop.yaml"; then
    all_zero main
    says main 9 '^= exit 0 here, 0 on node1$'
    clean_frames main 500
fi
if must matrix "$top/tests/guest/verbs/interop.yaml"; then
    all_zero matrix
    says matrix 26 '^to rxe: .* = exit 0 here, 0 on node1$'
    says matrix 26 '^from rxe: .* = exit 0 here, 0 on node0$'
    # Nothing was lost, so nothing may be sent twice.
    for c in out_of_sequence duplicate_request packet_seq_err local_ack_timeout_err hinic_retx_bytes \
        rx_icrc_encapsulated; do
        says matrix 1 "^counter $c	0\$"
    done
    clean_frames matrix 3000
fi
finish
