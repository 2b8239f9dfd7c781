#!/bin/sh
# SPDX-License-Identifier: MIT
# Open MPI over four guests: UCX on HiNIC and plain TCP; data and sums are checked by the program itself.
# usage: mpi.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs
file=$top/examples/mpi.yaml

if must main "$file"; then
    all_zero main
    says main 8 '^rank [0-3] of 4 on node[0-3]$'
    says main 18 '^latency '
    says main 3 '^bandwidth '
    says main 6 '^allreduce '
    clean_frames main 500
fi
finish
