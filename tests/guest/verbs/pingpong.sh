#!/bin/sh
# SPDX-License-Identifier: MIT
# The first example: ibv_rc_pingpong between two guests; one digest for any cut into windows. usage: pingpong.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs
file=$top/examples/rc-pingpong.yaml

if must whole "$file"; then
    all_zero whole
    says whole 2 '^100 iters in '
    clean_frames whole 200
    must half "$file" --windows L/2
    must random "$file" --windows random:5 --perturb 3
    [ "$fails" = 0 ] && same whole half random
fi
finish
