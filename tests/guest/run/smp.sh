#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests with two vCPUs: one digest for any cut into windows and under perturbation. usage: smp.sh BUILD SOURCE
build=$1
top=$2
. "$top/tests/guest/run/lib.sh"
file=$top/tests/guest/run/pair.yaml

must whole "$file" --set nodes.defaults.vcpus=2
must half "$file" --set nodes.defaults.vcpus=2 --windows L/2
must random "$file" --set nodes.defaults.vcpus=2 --windows random:9 --perturb 4
[ "$fails" = 0 ] && same whole half random
finish
