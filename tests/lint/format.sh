#!/bin/sh
# SPDX-License-Identifier: MIT
# The layout of every C file of our user-space and kernel dialects (clang-format 19; 14 formats differently).
cd "$1" || exit 1
command -v clang-format-19 >/dev/null || {
    echo "clang-format-19 is not installed"
    exit 77
}
git ls-files '*.[ch]' | xargs clang-format-19 --dry-run -Werror 2>&1 |
    grep -E 'error:' | sed 's/ error:.*//' | cut -d: -f1,2 | sort -u | head -50 >"$2/format.txt"
if [ -s "$2/format.txt" ]; then
    echo "not formatted (clang-format-19 -i FILE):"
    cat "$2/format.txt"
    exit 1
fi
