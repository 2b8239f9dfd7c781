#!/bin/sh
# SPDX-License-Identifier: MIT
# perftest between two guests: every operation and service, with and without the RDMA CM; latencies do not jitter.
# usage: perftest.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs
file=$top/examples/perftest.yaml
tests=$(grep -c '^      try ib_' "$file")

if must main "$file"; then
    all_zero main
    says main "$tests" '^= exit 0 here, 0 on node1$'
    clean_frames main 1000
fi
finish
