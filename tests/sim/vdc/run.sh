#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs of the vdc program with stand-ins for guests. usage: run.sh CASE BUILD SOURCE FAKE_QEMU
set -u
case_name=$1
build=$2
source=$3
fake=$(readlink -f "$4") # meson gives a path below its build root
vdc=$build/vdc
for f in "$vdc" "$build/hicain-vswitchd" "$fake"; do
    [ -x "$f" ] || {
        echo "$f is not built"
        exit 77
    }
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
mkdir image
echo kernel >image/vmlinuz
echo initrd >image/initrd.img
echo '{"name": "base", "cmdline": "console=ttyS0"}' >image/manifest.json
export VDC_QEMU="$fake" VDC_IMAGE="$tmp/image" VDC_RUNS="$tmp/runs" VDC_SOURCE="$source"
unset VDC_QEMU_FIRMWARE VDC_VSWITCHD

die() {
    echo "FAILED: $*"
    [ ! -f out ] || cat out
    exit 1
}
# begun PID: waits until virtual time goes in the run of that process.
begun() {
    until [ -s runs/latest/hash.log ]; do
        kill -0 "$1" 2>/dev/null || die "the run ended before it began"
        sleep 0.1
    done
}
# experiment STOP SCRIPT_OF_NODE1: three nodes; node0 sends beacons, node2 only answers.
experiment() {
    cat >x.yaml <<EOF
vdc: 1
name: sim
seed: 3
time: {stop: $1, digest_every: 10us}
fabric: {template: {kind: star, ports: 4}}
nodes: {count: 3}
workload:
  - {node: node0, run: beacon 20 10000}
  - {node: node1, run: "$2", at: 10us}
  - {node: node2, run: exit 0}
collect: {pcap: [node0]}
limits: {boot: 2s}
EOF
}
# expect CODE COMMAND...: output in out.
expect() {
    want=$1
    shift
    "$@" >out 2>&1
    got=$?
    [ "$got" = "$want" ] || die "$*: exit $got, expected $want"
}
contains() {
    grep -qE -- "$1" "${2:-out}" || die "'$1' is not in ${2:-out}"
}
children() {
    # Descendants of ours by their working directory: nothing of this test may be left.
    for p in /proc/[0-9]*; do
        d=$(readlink "$p/cwd" 2>/dev/null) || continue
        case $d in
        "$tmp"/runs/*) die "process $(basename "$p") is left in $d" ;;
        esac
    done
}
kept() { # status
    contains "\"status\": \"$1\"" runs/latest/manifest.json
    [ -s runs/latest/summary.txt ] || die "no summary.txt"
    [ -s runs/latest/result.json ] || die "no result.json"
    [ -z "$(find runs/latest/ -name '*.part')" ] || die "half-written files are left"
    children
}

case $case_name in
done)
    experiment 5ms 'beacon 10 7000'
    expect 0 "$vdc" run x.yaml
    contains '^digest [0-9a-f]{32}  exact  vt .* late 0 faults 0$'
    kept done
    contains '^node0 workload 0: exit 0 at 202 us$' runs/latest/summary.txt
    [ "$(wc -l <runs/latest/nodes/node0/workload-0.out)" = 20 ] || die "workload output"
    grep -q . runs/latest/hash.log || die "no hash.log"
    expect 0 "$vdc" --json inspect
    contains '"status": "done"'
    expect 0 "$vdc" run runs/latest/resolved.yaml -q
    contains "^$(sed -n 's/^digest \([0-9a-f]*\).*/digest \1/p' runs/latest/summary.txt)"
    ;;
json)
    experiment 5ms 'exit 0'
    "$vdc" run x.yaml --json >report.json 2>out || die "run --json"
    python3 - report.json <<'PY' || die "report"
import json, sys
r = json.load(open(sys.argv[1]))
assert len(r["digest"]) == 32 and r["status"] == "done", r
assert r["virtual_ns"] > 0 and r["windows"] > 0 and r["wall_s"] >= 0
assert [w["exit"] for w in r["workloads"]] == [0, 0, 0]
assert r["workloads"][0]["output"].count("beacon") == 20
assert r["late"] == 0 and r["expectations_met"] is True
PY
    ;;
windows)
    experiment 5ms 'beacon 30 3000'
    expect 0 "$vdc" run x.yaml -q
    digest=$(sed -n 's/^digest \([0-9a-f]*\).*/\1/p' out)
    for w in L L/2 L/7 100ns random:1 random:2; do
        expect 0 "$vdc" run x.yaml -q --windows $w
        contains "^digest $digest "
    done
    for p in 1 2 3; do
        expect 0 "$vdc" run x.yaml -q --perturb $p
        contains "^digest $digest "
    done
    expect 2 "$vdc" run x.yaml --windows never
    ;;
verify)
    experiment 5ms 'beacon 10 7000'
    expect 0 "$vdc" run x.yaml -q
    expect 0 "$vdc" verify latest -q
    contains '^equal: '
    expect 0 "$vdc" verify latest -q --windows random:7 --perturb 5
    expect 0 "$vdc" diff latest latest/verify-1
    # A tampered input is told apart from a divergence.
    for a in runs/latest/artefacts/*; do
        [ "$(cat "$a")" = initrd ] && cp "$a" keep && rm "$a" && echo other >"$a"
    done
    expect 3 "$vdc" verify latest -q
    contains 'base/initrd: the experiment names sha256'
    ;;
diverge)
    experiment 5ms unstable
    expect 0 "$vdc" run x.yaml -q
    expect 1 "$vdc" verify latest -q
    contains '^DIVERGED at vt=0\.020000 ms, point 2, component node1 '
    contains '^  record [0-9]+ of node1 in that window:$'
    contains '    a: depart=.* payload='
    run=$(readlink -f runs/latest)
    expect 1 "$vdc" diff "$run" "$run/verify-1"
    contains '^DIVERGED'
    expect 1 "$vdc" --json verify latest -q
    contains '"verdict": "diverged"'
    ;;
exit-code)
    experiment 5ms 'exit 3'
    expect 4 "$vdc" run x.yaml
    contains 'node1 workload 0 ended with 3, not as expected'
    kept done
    contains '^3$' runs/latest/nodes/node1/workload-0.rc
    ;;
die | panic | stop)
    experiment 5ms "$case_name"
    expect 1 "$vdc" run x.yaml
    kept failed
    case $case_name in
    die) contains '^vdc: failed: node1 at vt 0\.0.* ms: QEMU killed by signal 9 \(Killed\)$' ;;
    panic)
        contains '^vdc: failed: node1 at vt 0\.01.* ms: the guest was reset'
        contains '  console: .*Kernel panic - not syncing'
        ;;
    stop) contains '^vdc: failed: node1 .*stopped by a signal for 1\.' ;;
    esac
    # What was committed before is the beginning of an undisturbed chain.
    sed -i 's/run: "'"$case_name"'"/run: "exit 0"/' x.yaml
    cp -r runs/latest/ failed
    expect 0 "$vdc" run x.yaml -q
    n=$(wc -l <failed/hash.log)
    head -n "$n" runs/latest/hash.log | cut -d' ' -f1-3 >a
    cut -d' ' -f1-3 failed/hash.log >b
    cmp a b || die "the chain of the failed run is not a prefix"
    ;;
boot)
    experiment 5ms 'boot-fail hicain_net: device spec 2.0, driver supports 1.x'
    expect 1 "$vdc" run x.yaml
    contains '^vdc: failed: node1 at vt .*: hicain_net: device spec 2\.0, driver supports 1\.x$'
    kept failed
    experiment 5ms boot-die
    expect 1 "$vdc" run x.yaml
    contains '^vdc: failed: node1 .* QEMU ended with exit code 3: fake-qemu: cannot go on$'
    kept failed
    experiment 5ms boot-hang
    expect 1 "$vdc" run x.yaml
    contains '^vdc: failed: node1 .* not ready after 2 s \(limits.boot\), console: stand-in guest booting$'
    kept failed
    ;;
daemon)
    printf '#!/bin/sh\nexit 5\n' >switchd
    chmod +x switchd
    experiment 5ms forever
    export VDC_VSWITCHD="$tmp/switchd"
    expect 1 "$vdc" run x.yaml
    contains '^vdc: failed: sw0 .* hicain-vswitchd ended with exit code 5'
    kept failed
    # Killed in the middle of a run: found by its parent, so that no other one is meant.
    unset VDC_VSWITCHD
    experiment 1000s forever
    "$vdc" run x.yaml >out 2>&1 &
    pid=$!
    begun $pid
    for c in $(cat /proc/$pid/task/$pid/children); do
        grep -q hicain-vswitchd "/proc/$c/cmdline" 2>/dev/null && kill -9 "$c"
    done
    wait $pid
    [ $? = 1 ] || die "exit code"
    contains '^vdc: failed: sw0 .* hicain-vswitchd killed by signal 9'
    kept failed
    ;;
interrupt)
    experiment 1000s forever
    "$vdc" run x.yaml >out 2>&1 &
    pid=$!
    begun $pid
    kill -INT $pid
    wait $pid
    [ $? = 130 ] || die "exit code"
    kept interrupted
    contains '^digest [0-9a-f]{32}  exact '
    expect 0 "$vdc" verify latest -q
    contains '^equal: .* as far as the first run went$'
    ;;
orphans)
    experiment 1000s forever
    "$vdc" run x.yaml >out 2>&1 &
    pid=$!
    begun $pid
    kill -9 $pid
    wait $pid
    i=0
    while (children) >/dev/null 2>&1; [ $? != 0 ] && [ $i -lt 50 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    children
    expect 0 "$vdc" inspect
    contains 'not finished'
    ;;
refuse)
    experiment 5ms 'exit 0'
    sed -i 's/ports: 4/ports: 2/; s/stop: 5ms/stop: 5/' x.yaml
    expect 2 "$vdc" run x.yaml
    contains "^x.yaml:4:14: time.stop: '5' has no unit"
    contains '^x.yaml:5:40: fabric.template.ports: 2 ports for 3 nodes, allowed 3..64$'
    [ ! -e runs ] || die "a refused experiment made a run directory"
    experiment 5ms 'exit 0'
    unset VDC_IMAGE
    sed -i 's/count: 3/count: 3, defaults: {image: nosuch}/' x.yaml
    expect 2 "$vdc" run x.yaml
    contains "x.yaml: image 'nosuch' is not built for this checkout: run vdc image build nosuch"
    VDC_QEMU=$tmp/nosuch expect 2 "$vdc" run x.yaml
    contains 'x.yaml: QEMU: VDC_QEMU=.*/nosuch cannot be executed'
    expect 2 "$vdc" run nosuch.yaml
    contains '^nosuch.yaml: cannot be opened: No such file or directory$'
    expect 2 "$vdc" nosuch
    expect 2 "$vdc" run
    expect 2 "$vdc" verify nosuch
    ;;
ctl)
    experiment 1000s forever
    "$vdc" run x.yaml >run.out 2>&1 &
    pid=$!
    begun $pid
    expect 0 "$vdc" ctl sw0 '{"cmd": "hello"}'
    contains '"ok": ?true'
    expect 1 "$vdc" ctl sw0 '{"cmd": "nonsense"}'
    expect 2 "$vdc" ctl sw0 nonsense
    expect 1 "$vdc" ctl sw9 '{"cmd": "hello"}'
    kill -INT $pid
    wait $pid
    ;;
shell)
    experiment 1000s forever
    sed -i 's/^seed: 3/seed: 3\ninteractive: true/' x.yaml
    "$vdc" run x.yaml >run.out 2>&1 &
    pid=$!
    begun $pid
    expect 0 "$vdc" shell node2 -- say this
    contains '^say this$'
    expect 7 "$vdc" shell node2 -- exit 7
    printf 'one\ntwo\n' | "$vdc" shell node0 >out 2>&1 || die "lines"
    [ "$(cat out)" = "$(printf 'one\ntwo')" ] || die "output of lines"
    expect 2 "$vdc" shell node9 -- x
    kill -INT $pid
    wait $pid
    [ $? = 130 ] || die "exit code"
    contains '^digest [0-9a-f]{32}  exact interactive ' run.out
    [ "$(grep -c '"live":true' runs/latest/control.log)" = 4 ] || die "journal"
    expect 2 "$vdc" shell node2 -- late
    # The journal repeats it.
    expect 0 "$vdc" verify latest -q
    contains '^equal: '
    cmp runs/latest/nodes/node0/workload-32769.out runs/latest/verify-1/nodes/node0/workload-32769.out || die "replay"
    ;;
image)
    # A cache with images of two locks, of other checkouts, and things that are no images.
    mkdir -p source/images source/scripts/image cache/vdc/images
    touch source/images/base.lock source/images/verbs.lock
    cat >source/scripts/image/build <<'EOF'
#!/bin/sh
case $2 in
base) echo /somewhere/images/aaaa ;;
*) exit 1 ;;
esac
EOF
    chmod +x source/scripts/image/build
    for key in aaaa bbbb cccc dddd eeee; do
        mkdir cache/vdc/images/$key
        echo "{\"name\": \"base\", \"kernel\": \"6\"}" >cache/vdc/images/$key/manifest.json
        echo kernel >cache/vdc/images/$key/vmlinuz
    done
    touch -d '2026-01-01' cache/vdc/images/aaaa/manifest.json cache/vdc/images/cccc/manifest.json
    touch -d '2026-01-02' cache/vdc/images/bbbb/manifest.json
    touch -d '2026-01-03' cache/vdc/images/dddd/manifest.json cache/vdc/images/eeee/manifest.json
    mkdir cache/vdc/images/half-written
    export XDG_CACHE_HOME="$tmp/cache" VDC_SOURCE="$tmp/source"
    left() {
        [ "$(ls cache/vdc/images | paste -sd' ')" = "$1" ] || die "left: $(ls cache/vdc/images), expected $1"
    }
    expect 0 "$vdc" image prune --dry-run --keep 0
    contains '^would remove bbbb  base$'
    left 'aaaa bbbb cccc dddd eeee half-written'
    expect 0 "$vdc" image prune
    contains '^2 of 5 images, '
    left 'aaaa dddd eeee half-written'
    expect 0 "$vdc" --json image prune --keep 0
    contains '"key": "eeee"'
    left 'aaaa half-written'
    expect 0 "$vdc" image ls
    contains '^base +aaaa  6$'
    expect 2 "$vdc" image burn
    expect 2 "$vdc" image prune twice
    expect 2 "$vdc" image prune --keep some
    rm source/images/*.lock
    expect 2 "$vdc" image prune
    ;;
usage)
    # Words and options that verbs refuse, each with what was expected.
    expect 2 "$vdc" run
    contains 'one FILE expected'
    expect 2 "$vdc" run a b
    contains 'one FILE expected, found another: b'
    expect 2 "$vdc" run a --perturb x
    contains '--perturb: a number expected, found x'
    expect 2 "$vdc" validate
    contains 'one FILE expected'
    expect 2 "$vdc" config
    contains "'show FILE' expected"
    expect 2 "$vdc" config hide x
    contains "'show FILE' expected, found hide"
    expect 2 "$vdc" diff one
    contains 'two runs expected'
    expect 2 "$vdc" ctl sw0
    contains 'HUB and JSON expected'
    expect 2 "$vdc" shell
    contains 'NODE expected'
    expect 2 "$vdc" verify
    contains 'one RUN'
    expect 2 "$vdc" inspect a b
    contains 'found another: b'
    expect 2 "$vdc" doctor x
    expect 2 "$vdc" image
    expect 0 "$vdc" verify --help
    contains '--windows'
    ;;
switches)
    # node0 and node2 on the outer two of three switches in a row, node1 in the middle.
    experiment 5ms 'beacon 10 7000'
    sed -i -e '/^fabric:/d' -e 's/^collect:.*/collect: {pcap: ["b:p2"]}/' x.yaml
    cat >>x.yaml <<EOF
fabric:
  switches: [{name: c, ports: 2}, {name: b, ports: 4}, {name: a, ports: 2}]
  links:
    - {between: [node0, a]}
    - {between: [node1, b]}
    - {between: [node2, c]}
    - {between: [a, b], latency: 3us}
    - {between: [b, "c:p1"]}
faults: [{at: 50us, link: "c:p1", kind: flap, for: 40us}]
EOF
    expect 0 "$vdc" run x.yaml -q
    digest=$(sed -n 's/^digest \([0-9a-f]*\).*/\1/p' out)
    [ "$(sed -n 's/^1 [0-9]* \([a-z0-9]*\) .*/\1/p' runs/latest/hash.log | paste -sd' ')" = "a b c node0 node1 node2" ] ||
        die "components of hash.log"
    [ -s runs/latest/pcap/b-p2.pcapng ] && [ -s runs/latest/pcap/c-p1.pcapng ] || die "captures at both ends"
    grep -q '"t":50000000,.*"port":1,"ev":"link","link":"down","reason":"flap"' runs/latest/series/c.jsonl || die "flap at c"
    grep -q '"t":50506720,.*"port":2,"ev":"link","link":"down","reason":"peer"' runs/latest/series/b.jsonl || die "b is told"
    expect 0 "$vdc" run x.yaml -q --windows L/7 --perturb 3
    contains "^digest $digest "
    expect 0 "$vdc" verify latest -q --windows random:2
    # Commands to one of them, and their repetition.
    mkdir orders
    echo '{"vt":60000000,"cmd":{"cmd":"port.set","port":0,"state":"down"}}' >orders/control-a.log
    expect 2 "$vdc" run x.yaml -q --replay orders/control-a.log
    expect 0 "$vdc" run x.yaml -q --replay orders
    [ "$(cat runs/latest/control-a.log)" = "$(cat orders/control-a.log)" ] || die "journal of a"
    [ -e runs/latest/control-b.log ] && [ ! -s runs/latest/control-b.log ] || die "journal of b"
    sed -n 's/^digest \([0-9a-f]*\).*/\1/p' out | grep -q "$digest" && die "the command changed nothing"
    expect 0 "$vdc" verify latest -q
    contains '^equal: '
    ;;
*)
    die "no case $case_name"
    ;;
esac
echo "ok: $case_name"
