#!/bin/sh
# SPDX-License-Identifier: MIT
# HiNIC against soft-RoCE, the kernel's independent implementation, in both directions. usage: interop.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs
file=$top/examples/rxe-interop.yaml

if must main "$file"; then
    all_zero main
    says main 9 '^= exit 0 here, 0 on node1$'
    clean_frames main 500
fi
finish
