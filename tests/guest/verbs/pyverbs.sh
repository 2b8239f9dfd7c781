#!/bin/sh
# SPDX-License-Identifier: MIT
# pyverbs: which of rdma-core's own tests pass, and that nothing is skipped but what pyverbs.expect lists.
# usage: pyverbs.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image pyverbs
here=$top/tests/guest/verbs

if must main "$here/pyverbs.yaml"; then
    get main '.workloads[].output' >"$runs/output"
    awk -f "$here/pyverbs.awk" "$runs/output" | LC_ALL=C sort >"$runs/results"
    # FILE OK SKIPPED BAD, and each test that did not simply pass.
    awk '{ n[$1 " " $3]++; file[$1] = 1 }
        END { for (f in file) print f, n[f " ok"] + 0, n[f " skipped:"] + 0, n[f " bad"] + 0 }' \
        "$runs/results" | LC_ALL=C sort >"$runs/have"
    grep -v ' ok$' "$runs/results" >>"$runs/have"
    grep -v '^#' "$here/pyverbs.expect" >"$runs/want"
    if diff -U 0 "$runs/want" "$runs/have" >"$runs/diff"; then
        ok "$(awk 'NF == 4 && /[0-9]$/ { o += $2; s += $3 } END { print o " passed, " s " skipped" }' \
            "$runs/have"), as listed"
    else
        fail "results differ from pyverbs.expect (- listed, + now)"
        sed -n '/^[-+][^-+]/p' "$runs/diff"
        # The reasons of the failures, as unittest prints them.
        sed -n '/^=====/,$p' "$runs/output" | head -n 100
    fi
fi
finish
