#!/bin/bash
# SPDX-License-Identifier: MIT
# Building the image again from the same lock and sources gives the same bytes.
# shellcheck source=tests/guest/image/guest.sh
. "$(dirname "$0")/guest.sh"

need_image
[ "$(id -u)" = 0 ] || skip "building an image needs root"
"$VDC_ROOT/scripts/image/build" --check base || fail "two builds differ"
[ "$("$VDC_ROOT/scripts/image/build" base)" = "$IMAGE" ] || fail "a ready image was not found again"
# The manifest tells the truth about the files beside it.
for f in vmlinuz vmlinux initrd.img; do
    want=$(sed -n "s/^    \"$f\": \"\([0-9a-f]*\)\",$/\1/p" "$IMAGE/manifest.json")
    [ "$(sha256sum < "$IMAGE/$f" | cut -c1-64)" = "$want" ] || fail "$f: manifest.json is wrong"
done
echo "PASS: $IMAGE"
