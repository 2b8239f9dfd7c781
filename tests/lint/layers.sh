#!/bin/sh
# SPDX-License-Identifier: MIT
# The dependency direction holds: a library compiles its own header and refuses those above it.
# usage: layers.sh BUILD_ROOT
build=$1
rc=0
n=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# compile SOURCE_SUFFIX HEADER: compiles a probe that includes HEADER with the flags of that source file.
compile() {
    printf '#include "%s"\nextern int vdc_probe;\n' "$2" >"$tmp/probe.c"
    cmd=$(sed -n "s|^ *\"command\": \"\(.*$1\)\",*\$|\1|p" "$build/compile_commands.json" | head -n 1)
    [ -n "$cmd" ] || return 2
    cmd=$(printf '%s' "$cmd" | sed -e 's/\\"/"/g' -e "s| -o [^ ]*| -o $tmp/probe.o|" -e "s| -M[QF] [^ ]*||g" -e 's| -MD||' -e "s| -c [^ ]*$| -c $tmp/probe.c|")
    (cd "$build" && sh -c "$cmd") >/dev/null 2>&1
}

# check SOURCE OWN_HEADER UPWARD_HEADER...
check() {
    src=$1
    compile "$src" "$2"
    case $? in
    0) ;;
    2) return ;; # this part is not in the build
    *) echo "$src: its own header $2 does not compile"; rc=1; return ;;
    esac
    shift 2
    for h in "$@"; do
        n=$((n + 1))
        if compile "$src" "$h"; then
            echo "$src can include $h: the layer is broken"
            rc=1
        fi
    done
}

check vtime/base/rng.c vdc/rng.h vdc/sync.h vdc/seg.h vdc/hiswitch.h vdc/hinic.h
check vtime/sync/sync.c vdc/sync.h vdc/seg.h vdc/task.h vdc/hiswitch.h vdc/hinic.h
check vtime/port/seg.c vdc/seg.h vdc/hiswitch.h vdc/hinic.h
check hubs/hiswitch/fdb.c vdc/hiswitch.h vdc/seg.h vdc/task.h vdc/sync.h vdc/hinic.h
check devices/hinic/model/regs.c vdc/hinic.h vdc/seg.h vdc/task.h vdc/sync.h vdc/hiswitch.h
[ "$n" -gt 0 ] || {
    echo "no library was found in $build/compile_commands.json"
    exit 1
}
echo "$n upward includes refused"
exit $rc
