#!/bin/sh
# SPDX-License-Identifier: MIT
# Words that do not belong in a place: clocks and randomness in models, host time in device shells, unfinished marks.
cd "$1" || exit 1
rc=0

# refuse WHAT PATTERN FILES...: code lines (comments and strings of a line are cut) that match the pattern.
refuse() {
    what=$1
    pattern=$2
    shift 2
    [ $# -gt 0 ] || return 0
    hits=$(awk -v pattern="$pattern" '
        FNR == 1 { in_comment = 0 }
        {
            line = $0
            if (in_comment) { if (!sub(/^.*\*\//, "", line)) next; in_comment = 0 }
            gsub(/\/\*[^*]*(\*[^\/][^*]*)*\*\//, "", line)
            gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
            if (line ~ /\/\*/) { sub(/\/\*.*$/, "", line); in_comment = 1 }
            sub(/\/\/.*$/, "", line)
            if (line ~ pattern) printf "%s:%d: %s\n", FILENAME, FNR, $0
        }' "$@")
    if [ -n "$hits" ]; then
        echo "$what:"
        echo "$hits"
        rc=1
    fi
}

files() {
    git ls-files -- "$@"
}

pure=$(files 'vtime/base/*.[ch]' 'vtime/sync/*.[ch]' 'vtime/sim/*.[ch]' 'devices/*/model/*.[ch]' \
    'hubs/core/*.[ch]' 'hubs/hiswitch/*.[ch]' 'ebpf/policy/*.h' | grep -v vswitchd)
# shellcheck disable=SC2086 -- file lists
refuse "in pure code" '(^|[^A-Za-z0-9_])((time|clock|rand|srand|random|getpid|getenv|malloc|calloc|realloc|free|printf|fprintf|sprintf|snprintf)[ ]*\(|(float|double|errno|pthread_[a-z]+)([^A-Za-z0-9_]|$))' $pure
# shellcheck disable=SC2086
refuse "host headers in pure code" '#include <(time|stdio|stdlib|unistd|pthread|errno|sys/.*|math)\.h>' $pure
# shellcheck disable=SC2046
refuse "host time or threads in device shells" '(QEMU_CLOCK_REALTIME|QEMU_CLOCK_HOST|qemu_thread_create|aio_bh|g_get_[a-z]+_time|qemu_guest_getrandom)' \
    $(files 'devices/*/qemu/*.[ch]' 'vtime/qemu/*.[ch]')
# Wall time has few owners: waiting, supervision, benches and the tests of processes.
# shellcheck disable=SC2046
refuse "wall clock or host randomness" '(^|[^A-Za-z0-9_])(clock_gettime|gettimeofday|srand|random|drand48|getrandom)[ ]*\(' \
    $(files '*.c' '*.h' | grep -vE '^(vtime/port/|vtime/qemu/|orchestrator/|hubs/hiswitch/vswitchd/|guest/|tests/(bench|sim|guest|qtest)/)')
# shellcheck disable=SC2046
refuse "addresses in output" '%p[^a-zA-Z]' $(files 'vtime/*.c' 'devices/*/model/*.c' 'hubs/*.c')

marks=$(git ls-files | grep -vE '^tests/lint/|\.lock$' | xargs grep -nE '\b(FIXME|XXX|HACK)\b|TODO($|[^(])' 2>/dev/null | grep -v 'Binary file')
if [ -n "$marks" ]; then
    echo "unfinished marks:"
    echo "$marks"
    rc=1
fi
flags=$(git ls-files '*meson.build' 'Makefile' 'scripts/*' '*Kbuild' | xargs grep -nE -- '-march=native|-ffast-math|-Ofast' 2>/dev/null)
if [ -n "$flags" ]; then
    echo "flags that make results depend on the host:"
    echo "$flags"
    rc=1
fi
grep -q -- '-ffp-contract=off' meson.build || {
    echo "meson.build: -ffp-contract=off is missing"
    rc=1
}
exit $rc
