#!/bin/sh
# SPDX-License-Identifier: MIT
# What goes wrong is named once, with component and virtual time, and what was there before is kept: a guest that
# panics, a killed QEMU, a killed switch daemon, a driver of another version, a missing image, refused files.
# usage: faults.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/run/lib.sh"
file=$top/tests/guest/run/pair.yaml
long=$runs/long.yaml
sed -e 's/stop: 200ms/stop: 20s/' -e 's/ping -c 4 -i 0.01 node1/ping -i 0.002 -c 100000 node1/' "$file" >"$long"

# expect TAG CODE PATTERN: the run left with CODE and one line of its message matches.
expect() {
    n=$(grep -cE "$3" "$runs/$1.err" || true)
    [ "$rc" = "$2" ] && [ "$n" -ge 1 ] && ok "$1: $(grep -m 1 -E "$3" "$runs/$1.err")" || {
        fail "$1: exit $rc, expected $2 with '$3'"
        tail -n 10 "$runs/$1.err"
    }
}

# talk TAG FILE [OPTION...]: a run as a person starts it; its messages are in $runs/TAG.err.
talk() {
    tag=$1
    shift
    rc=0
    "$vdc" --dir "$runs/$tag" run "$@" >"$runs/$tag.out" 2>"$runs/$tag.err" || rc=$?
}

# kept TAG: the failed run can still be read.
kept() {
    dir=$(readlink -f "$runs/$1/latest")
    [ "$(jq -r .status "$dir/manifest.json")" = failed ] && [ -s "$dir/hash.log" ] &&
        "$vdc" inspect "$dir" >/dev/null && ok "$1: results are kept" || fail "$1: no readable results in $dir"
}

# victim TAG PARENT PATTERN: waits until virtual time runs, then kills one child of this test's run by its process id.
victim() {
    for i in $(seq 600); do
        dir=$(readlink -f "$runs/$1/latest" 2>/dev/null || true)
        [ -n "$dir" ] && [ -s "$dir/hash.log" ] && break
        sleep 0.2
    done
    for child in $(ps -o pid= --ppid "$2"); do
        if tr '\0' ' ' <"/proc/$child/cmdline" 2>/dev/null | grep -qE -- "$3"; then
            kill -KILL "$child"
            return 0
        fi
    done
    fail "$1: no child matches $3"
}

killed() {
    "$vdc" --dir "$runs/$1" run "$long" >"$runs/$1.out" 2>"$runs/$1.err" &
    run_pid=$!
    victim "$1" "$run_pid" "$2"
    rc=0
    wait "$run_pid" || rc=$?
    expect "$1" 1 "$3"
    kept "$1"
}

killed qemu 'task=1' 'node1 at vt .*killed by signal 9'
killed vswitchd 'hicain-vswitchd' 'sw0 at vt .*hicain-vswitchd.*killed by signal 9'

sed -e 's/ping -c 4 -i 0.01 node1/sleep 0.005; echo c > \/proc\/sysrq-trigger/' "$file" >"$runs/panic.yaml"
talk panic "$runs/panic.yaml"
expect panic 1 'node0 at vt .*[Pp]anic'
kept panic

# A device of the next major version under the same image.
cat >"$runs/qemu-next" <<END
#!/bin/sh
exec $("$top/scripts/build-qemu" --print | sed -n 's/^qemu=//p') -global hinic.spec-ver=0x20000 "\$@"
END
chmod +x "$runs/qemu-next"
export VDC_QEMU=$runs/qemu-next
VDC_QEMU_FIRMWARE=$("$top/scripts/build-qemu" --print | sed -n 's/^firmware=//p' | paste -sd:)
export VDC_QEMU_FIRMWARE
talk version "$file"
unset VDC_QEMU VDC_QEMU_FIRMWARE
expect version 1 'node[01] .*spec 2\.0.*1\.'

talk image "$file" --set nodes.defaults.image=nosuch
expect image 2 'nosuch'

# refused TAG SED PATTERN: a changed file is refused with file, line and column before anything starts.
refused() {
    sed -e "$2" "$file" >"$runs/$1.yaml"
    talk "$1" "$runs/$1.yaml"
    expect "$1" 2 "$1\\.yaml:[0-9]+:[0-9]+: .*$3"
}
refused key 's/rate: 100Gbps/rato: 100Gbps/' 'rato'
refused unit 's/latency: 500ns/latency: 500/' 'unit'
refused zero 's/latency: 500ns/latency: 0ns/' 'latency'
refused ports 's/count: 2/count: 3/' 'port'
finish
