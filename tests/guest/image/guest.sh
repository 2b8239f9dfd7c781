# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the guest tests share: finds image and QEMU or skips, boots a guest as the orchestrator does.
set -euo pipefail
export LC_ALL=C

skip() { echo "SKIP: $*"; exit 77; }
fail() { echo "FAIL: $*"; exit 1; }

# Sets IMAGE and CMDLINE.
need_image() {
    IMAGE=$("$VDC_ROOT/scripts/image/build" --print base) ||
        skip "the guest image is not built: run scripts/image/build base as root"
    CMDLINE=$(sed -n 's/^  "cmdline": "\(.*\)",$/\1/p' "$IMAGE/manifest.json")
}

# Sets QEMU (an array: binary and firmware): VDC_QEMU with VDC_QEMU_FIRMWARE (directories, `:`), the
# project's, or with `need_qemu any` the system's.
need_qemu() {
    local lines dir
    if [ -n "${VDC_QEMU:-}" ]; then
        QEMU=("$VDC_QEMU")
        for dir in ${VDC_QEMU_FIRMWARE//:/ }; do QEMU+=(-L "$dir"); done
    elif lines=$("$VDC_ROOT/scripts/build-qemu" --print 2> /dev/null); then
        mapfile -t QEMU < <(sed -n 's/^qemu=//p; s/^firmware=/-L\n/p' <<< "$lines")
    elif [ "${1:-}" = any ] && command -v qemu-system-x86_64 > /dev/null; then
        QEMU=(qemu-system-x86_64)
    else
        skip "QEMU is not built: run scripts/build-qemu"
    fi
}

# A device of the project's QEMU, or skip.
need_device() {
    "${QEMU[@]}" -device help 2> /dev/null | grep -q "name \"$1\"" ||
        skip "this QEMU has no device $1"
}

# qemu INITRD [OPTIONS...]
qemu() {
    local initrd=$1
    shift
    timeout 250 "${QEMU[@]}" -machine q35,hpet=off,vmport=off,smbus=off,sata=off,i8042=off,usb=off \
        -nodefaults -no-user-config -display none -monitor none -no-reboot \
        -accel tcg,thread=single -icount shift=2,align=off,sleep=off -cpu qemu64,+rdrand -smp 1 -m 512 \
        -rtc base=2030-01-01T00:00:00,clock=vm -seed 1 \
        -kernel "$IMAGE/vmlinux" -initrd "$initrd" -append "$CMDLINE" "$@"
}

# boot CONSOLE INITRD [OPTIONS...]: runs until the guest powers off.
boot() {
    local console=$1 initrd=$2
    shift 2
    qemu "$initrd" -chardev "file,id=c0,path=$console" -serial chardev:c0 "$@" ||
        { tail -5 "$console"; fail "the guest did not power off by itself (status $?)"; }
}

# initrd OUT: the image's initramfs with the directory $work/root on top.
initrd() {
    {
        cat "$IMAGE/initrd.img"
        (cd "$work/root" && find . -mindepth 1 -print0 | sort -z | "$MKCPIO" 1)
    } > "$1"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
