#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone. usage: headers.sh SOURCE_ROOT CC
cd "$1" || exit 1
rc=0
inc=
for d in $(git ls-files '*/vdc/*.h' | sed 's|/vdc/[^/]*$||' | sort -u) devices/hinic/hw; do
    inc="$inc -I$d"
done
for h in $(git ls-files '*/vdc/*.h' 'devices/*/hw/*.h'); do
    # shellcheck disable=SC2086 -- a list of options is meant
    "$2" -std=c11 -Wall -Wextra -Werror -fsyntax-only $inc -D_GNU_SOURCE -x c "$h" || {
        echo "$h does not compile alone"
        rc=1
    }
done
exit $rc
