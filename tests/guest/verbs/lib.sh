# SPDX-License-Identifier: MIT
# Helpers of the live RDMA tests, on top of those of tests/guest/run. Sourced, never run.
# The caller has set: build (build directory), top (source directory).
. "$top/tests/guest/run/lib.sh"
command -v tshark >/dev/null || {
    echo "skipped: tshark is not installed"
    exit 77
}

# need_image NAME
need_image() {
    "$top/scripts/image/build" --print "$1" >/dev/null 2>&1 || {
        echo "skipped: the guest image $1 is not built (scripts/image/build $1)"
        exit 77
    }
}

# clean_frames TAG MIN: every capture of the run has valid RoCE frames only, together at least MIN of them.
clean_frames() {
    dir=$(get "$1" .run)
    total=0
    for f in "$dir"/pcap/*.pcapng; do
        n=$(tshark -r "$f" -Y infiniband -T fields -e frame.number 2>/dev/null | wc -l)
        total=$((total + n))
        [ "$n" = 0 ] || "$build/hicain-rocecheck" "$f" >"$runs/$1.check" 2>&1 ||
            fail "$1: $(basename "$f"): $(tail -n 3 "$runs/$1.check")"
        # What tshark guesses to be inside a payload does not count: one may hold anything.
        bad=$(tshark -r "$f" -Y '_ws.malformed && infiniband && !(frame.protocols contains "infiniband:")' -T fields \
            -e frame.number 2>/dev/null | head -n 3 | paste -sd' ')
        [ -z "$bad" ] || fail "$1: $(basename "$f"): malformed frames $bad"
    done
    [ "$total" -ge "$2" ] && ok "$1: $total RoCE frames, each with a valid ICRC" ||
        fail "$1: $total RoCE frames, expected at least $2"
}

# all_zero TAG: every workload ended with 0; what a failed one printed is shown.
all_zero() {
    n=$(get "$1" '[.workloads[] | select(.exit != 0)] | length')
    [ "$n" = 0 ] && ok "$1: every workload left with 0" || {
        fail "$1: $n workloads failed"
        get "$1" '.workloads[] | select(.exit != 0) | .output' | tail -n 40
    }
}

# says TAG COUNT PATTERN: so many lines of all outputs match.
says() {
    n=$(get "$1" '.workloads[].output' | grep -cE "$3" || true)
    [ "$n" = "$2" ] && ok "$1: $n times '$3'" || fail "$1: $n times '$3', expected $2"
}
