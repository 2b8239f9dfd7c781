#!/bin/sh
# SPDX-License-Identifier: MIT
# Every source file: SPDX on the first line, a sentence about the file, a guard in headers; scripts parse.
cd "$1" || exit 1
rc=0
say() {
    echo "$1: $2"
    rc=1
}
for f in $(git ls-files '*.[ch]'); do
    [ -f "$f" ] || continue
    head -n 1 "$f" | grep -q 'SPDX-License-Identifier: ' || say "$f" "line 1 has no SPDX-License-Identifier"
    sed -n '2,4p' "$f" | grep -qE '^ ?(/\*|\*|//) *[A-Za-z`]' || say "$f" "line 2 does not say what this file is"
    case $f in
    *.h)
        case $f in
        guest-kmods/*) ;;
        *) grep -qE '^#ifndef [A-Z0-9_]*_H_?$' "$f" || say "$f" "no header guard" ;;
        esac
        ;;
    esac
done
for f in $(git ls-files 'scripts/*' 'tests/*.sh' 'tests/**/*.sh' '.ci/run'); do
    [ -f "$f" ] || continue
    case $(head -n 1 "$f") in
    '#!/bin/sh') sh -n "$f" || say "$f" "does not parse" ;;
    '#!/usr/bin/env bash' | '#!/bin/bash') bash -n "$f" || say "$f" "does not parse" ;;
    esac
done
exit $rc
