#!/bin/sh
# SPDX-License-Identifier: MIT
# Faults between two HiNIC guests: lost, damaged and delayed frames, a link that goes away, every error completion,
# killed tools, a driver that comes and goes. usage: faults.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/verbs/lib.sh"
need_image verbs

# sum TAG COUNTER: of both nodes.
sum() {
    get "$1" '.workloads[].output' | awk -v c="$2" '$1 == "counter" && $3 == c { n += $4 } END { print n + 0 }'
}

# more TAG COUNTER MIN, none TAG COUNTER
more() {
    n=$(sum "$1" "$2")
    [ "$n" -ge "$3" ] && ok "$1: $2 $n" || fail "$1: $2 $n, expected at least $3"
}
none() {
    n=$(sum "$1" "$2")
    [ "$n" = 0 ] && ok "$1: $2 0" || fail "$1: $2 $n, expected 0"
}

# lossy TAG KEYS: the reliable tools get everything through a link with these keys.
lossy() {
    sed -e "s/loss: 0}/$2}/" "$top/tests/guest/verbs/lossy.yaml" >"$runs/$1.yaml"
    must "$1" "$runs/$1.yaml" || return 0
    all_zero "$1"
    says "$1" 3 '^= (exit 0 here, 0 on node1|complete at one end, the last answer lost)$'
    none "$1" rx_icrc_encapsulated # a link's checksum finds what it damages: no bad frame reaches the transport
    clean_frames "$1" 1000
}
lossy permille 'loss: 0.1%'
more permille hinic_retx_bytes 1
lossy percent 'loss: 1%, jitter: 2us'
lossy damage 'corrupt: 1%'
for tag in percent damage; do
    for c in out_of_sequence packet_seq_err duplicate_request local_ack_timeout_err hinic_retx_bytes; do
        more $tag $c 1
    done
done
lossy jitter 'jitter: 2us'
for c in out_of_sequence packet_seq_err hinic_retx_bytes req_transport_retries_exceeded; do
    none jitter $c # jitter keeps the order
done

if must main "$top/tests/guest/verbs/faults.yaml"; then
    all_zero main
    says main 1 '^flap: = exit 0 here, 0 on node1$'
    more main local_ack_timeout_err 1
    says main 0 '^not ok '
    says main 21 '^ok '
    # One failure of each kind; out_of_buffer counts the first try and the one retry.
    for c in req_rnr_retries_exceeded=1 req_transport_retries_exceeded=1 req_remote_access_errors=2 \
        req_remote_invalid_request=1 resp_local_length_error=1 out_of_buffer=2; do
        says main 1 "^counter node0 ${c%=*} ${c#*=}\$"
    done
    says main 3 '^server killed: '
    says main 3 '^client killed: '
    says main 14 "$(get main '.workloads[].output' | grep -m 1 '^left ')"
    says main 3 '^after .*: = exit 0 here, 0 on node1$'
    clean_frames main 10000
fi
finish
