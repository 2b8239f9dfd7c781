#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a server on another node and its client here, both to their ends; prints both outputs and exit codes.
# usage: vdc-pair NODE SERVER_COMMAND CLIENT_COMMAND     (NODE runs vdc-rshd; exits with the first code that is not 0)
# The client starts when something more listens on NODE than before, on TCP or through the RDMA CM.
node=$1
server=$2
client=$3
log=/run/vdc-pair.$$

# shellcheck disable=SC2016 # meant for the other node
listeners='{ cat /proc/net/tcp /proc/net/tcp6; rdma resource show cm_id; } 2> /dev/null | grep -cE "(^ *[0-9]+: .{8,34}:.... .* 0A )|LISTEN"'
before=$(vdc-rsh "$node" "$listeners")
vdc-rsh "$node" "$server" > "$log" 2>&1 &
pid=$!
# shellcheck disable=SC2016
vdc-rsh "$node" "i=0; while [ \$($listeners) -le $before ]; do
    i=\$((i + 1)); [ \$i -lt 40 ] || exit 1; sleep 0.01; done" ||
    echo "vdc-pair: nothing listens on $node in time"
echo "+ $client"
sh -c "$client"
client_rc=$?
wait $pid
server_rc=$?
echo "+ $node: $server"
cat "$log"
rm "$log"
echo "= exit $client_rc here, $server_rc on $node"
[ $client_rc = 0 ] || exit $client_rc
exit $server_rc
