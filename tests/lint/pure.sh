#!/bin/sh
# SPDX-License-Identifier: MIT
# A pure library may call mem*, assert and vdc_* only: no clock, no I/O, no allocation. usage: pure.sh LIBRARY
bad=$(nm -u "$1" | awk '$1 == "U" {print $2}' |
    grep -vE '^(vdc_.*|mem(cpy|set|cmp|move)|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$' | sort -u)
if [ -n "$bad" ]; then
    echo "impure symbols in $1:"
    echo "$bad"
    exit 1
fi
# Writable static data is state outside the model: .data and .bss must be empty.
data=$(size -A "$1" | awk '$1 ~ /^\.(data|bss)(\..*)?$/ && $1 !~ /\.rel\.ro/ && $2 > 0 {print $1, $2}')
if [ -n "$data" ]; then
    echo "static data that can change in $1:"
    echo "$data"
    exit 1
fi
