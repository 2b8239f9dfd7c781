#!/bin/sh
# SPDX-License-Identifier: MIT
# The stock tools see HiNIC and talk over it: ibv_*, rdma, rping, ucmatose; nothing is left behind; the run
# repeats bit for bit. usage: tools.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs
file=$top/tests/guest/verbs/tools.yaml

if must first "$file"; then
    all_zero first
    says first 9 '^= exit 0 here, 0 on node1$'
    says first 1 '^link hinic_0/1 state ACTIVE physical_state LINK_UP netdev eth0'
    says first 3 '^ping data: rdma-ping-'
    # What the tools made is gone when they are: the same objects as before them.
    says first 2 "$(get first '.workloads[].output' | grep -m 1 -oE '^[0-9]+: hinic_0: pd .*' | sed 's/ *$//')"
    clean_frames first 500
    must second "$file" && same first second
fi
finish
