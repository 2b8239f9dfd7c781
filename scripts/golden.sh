#!/bin/sh
# SPDX-License-Identifier: MIT
# Golden texts: what a program prints about a model must not move without a reason.
set -eu
usage() {
    cat >&2 <<'EOF'
usage: golden.sh check NAME PROGRAM [ARG...]
           runs PROGRAM and compares its output with tests/golden/NAME.txt
       golden.sh update NAME --reason TEXT [--no-commit] PROGRAM [ARG...]
           writes tests/golden/NAME.txt, shows what moved, and commits that file alone with the reason
       golden.sh lint [RANGE]
           refuses commits (default: the last one) that change golden texts together with anything but tests,
           or without a line "Golden-Reason: ..." in the message
EOF
    exit 2
}
root=$(cd "$(dirname "$0")/.." && pwd)
lines_max=200

# print NAME PROGRAM [ARG...]: the program's output into $tmp/got; its exit status must be 0.
print() {
    name=$1
    shift
    case $name in
    '' | *[!a-z0-9-]*)
        echo "golden.sh: name \"$name\": lower case letters, digits and - only" >&2
        exit 2
        ;;
    esac
    LC_ALL=C TZ=UTC "$@" >"$tmp/got" || {
        echo "golden.sh: $1 exited with status $?" >&2
        exit 1
    }
    n=$(wc -l <"$tmp/got")
    if [ "$n" -eq 0 ] || [ "$n" -gt "$lines_max" ]; then
        echo "golden.sh: $name has $n lines, allowed 1..$lines_max; print digests of the rest" >&2
        exit 1
    fi
}

lint() {
    rc=0
    for c in $(git -C "$root" rev-list --no-merges "${1:-HEAD~1..HEAD}"); do
        files=$(git -C "$root" diff-tree --no-commit-id --name-only -r "$c")
        # A text that appears for the first time comes with its program; one that moves needs the reason.
        moved=$(git -C "$root" diff-tree --no-commit-id --diff-filter=M --name-only -r "$c" -- tests/golden)
        [ -n "$moved" ] || continue
        other=$(printf '%s\n' "$files" | grep -vE '^tests/' || true)
        if [ -n "$other" ]; then
            echo "$c changes golden texts together with: $(echo "$other" | tr '\n' ' ')"
            rc=1
        fi
        git -C "$root" log -1 --format=%B "$c" | grep -qE '^Golden-Reason: .{10,}' || {
            echo "$c changes golden texts without a line \"Golden-Reason: ...\""
            rc=1
        }
    done
    exit $rc
}

[ $# -ge 1 ] || usage
verb=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
case $verb in
check)
    [ $# -ge 2 ] || usage
    print "$@"
    if diff -u "$root/tests/golden/$name.txt" "$tmp/got"; then
        echo "$name: as in tests/golden/$name.txt"
    else
        echo "$name moved. If that is right: scripts/golden.sh update $name --reason \"...\" PROGRAM" >&2
        exit 1
    fi
    ;;
update)
    reason=
    commit=yes
    [ $# -ge 1 ] || usage
    text=$1
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --reason)
            [ $# -ge 2 ] || usage
            reason=$2
            shift 2
            ;;
        --no-commit)
            commit=no
            shift
            ;;
        *) break ;;
        esac
    done
    [ $# -ge 1 ] || usage
    if [ "${#reason}" -lt 10 ]; then
        echo "golden.sh: --reason must say why the numbers moved (at least 10 characters)" >&2
        exit 2
    fi
    print "$text" "$@"
    file=$root/tests/golden/$name.txt
    mkdir -p "$root/tests/golden"
    if [ -f "$file" ] && cmp -s "$file" "$tmp/got"; then
        echo "$name has not moved"
        exit 0
    fi
    [ ! -f "$file" ] || diff -u "$file" "$tmp/got" || true
    cp "$tmp/got" "$file"
    if [ "$commit" = yes ]; then
        git -C "$root" add "$file"
        git -C "$root" commit -q -m "tests/golden: update $name" -m "Golden-Reason: $reason" -- "$file"
        git -C "$root" log -1 --stat --format='%h %s'
    fi
    ;;
lint) lint "$@" ;;
*) usage ;;
esac
