# SPDX-License-Identifier: MIT
# Helpers of the live tests: skip rules, runs, and the checks that every test makes. Sourced, never run.
# The caller has set: build (build directory), top (source directory).
set -eu

name=$(basename "$0" .sh)
vdc=$build/vdc
runs=$build/guest-runs/$name
fails=0

"$top/scripts/build-qemu" --print >/dev/null 2>&1 || {
    echo "skipped: QEMU is not built (scripts/build-qemu)"
    exit 77
}
"$top/scripts/image/build" --print base >/dev/null 2>&1 || {
    echo "skipped: the guest image is not built (scripts/image/build base)"
    exit 77
}
rm -rf "$runs"
mkdir -p "$runs"

fail() {
    echo "not ok - $*"
    fails=$((fails + 1))
}

ok() {
    echo "ok - $*"
}

# run TAG FILE [OPTION...]: runs an experiment; its JSON object is $runs/TAG.json, its exit status the result.
run() {
    tag=$1
    shift
    rc=0
    "$vdc" --dir "$runs/$tag" run --json "$@" >"$runs/$tag.json" 2>"$runs/$tag.err" || rc=$?
    return $rc
}

# get TAG FILTER: a value of the run's JSON object.
get() {
    jq -r "$2" "$runs/$1.json"
}

# must TAG ...: run that has to succeed.
must() {
    if run "$@"; then
        return 0
    fi
    fail "run $1 failed"
    tail -n 20 "$runs/$1.err"
    return 1
}

# same TAG TAG...: one digest for all of them.
same() {
    first=$1
    want=$(get "$first" .digest)
    for t in "$@"; do
        have=$(get "$t" .digest)
        if [ "$have" = "$want" ] && [ "${#have}" = 32 ]; then
            ok "digest of $t is $have"
        else
            fail "digest of $t is $have, of $first $want"
        fi
    done
}

finish() {
    if [ "$fails" != 0 ]; then
        echo "$fails checks failed; runs kept in $runs"
        exit 1
    fi
    rm -rf "$runs"
    echo "all checks passed"
}
