#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs in the build chroot, in /work: prunes and packs the guest root, or builds our overlay.
#
# usage: rootfs.sh base KERNEL_RELEASE      root + kernel -> base.cpio, base.files
#        rootfs.sh overlay KERNEL_RELEASE   /src + root's modules -> overlay.cpio, overlay.files
set -euo pipefail
release=$2
lib=usr/lib/x86_64-linux-gnu
cd /work

die() { echo "image: error: $*" >&2; exit 1; }

gcc -std=c11 -Wall -Wextra -Wconversion -Werror -O2 -D_GNU_SOURCE -o tools/mkcpio tools/mkcpio.c
pack() { # directory: a newc archive with nothing of this host in it
    (cd "$1" && find . -mindepth 1 -print0 | sort -z | /work/tools/mkcpio "$SOURCE_DATE_EPOCH")
}
list() { # directory: sha256 and name of each file, "link" and name of each link, sorted by name
    (cd "$1" && { find . -type f -print0 | sort -z | xargs -0 -r sha256sum | sed 's,  \./, ,'
        find . -type l | sort | sed 's,^\./,link ,'; })
}

# Shared objects that no program and no kept object needs are removed; a needed one that is absent
# is an error.
needed() {
    { readelf -dW "$@" 2> /dev/null || true; } |
        sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u
}
close_libraries() {
    local so
    declare -A have=()
    {
        find usr/bin usr/sbin -type f
        while read -r so; do [ ! -e "$so" ] || echo "$so"; done < /work/keep
    } > /work/todo
    while [ -s /work/todo ]; do
        mapfile -t todo < /work/todo
        needed "${todo[@]}" > /work/found
        : > /work/todo
        while read -r so; do
            [ -z "${have[$so]:-}" ] || continue
            have[$so]=1
            if [ -e "$lib/$so" ]; then
                echo "$lib/$so" >> /work/todo
            else
                [ -e "usr/lib64/$so" ] || die "$so is needed and not in the image"
            fi
        done < /work/found
    done
    for so in "$lib"/*; do
        [ -d "$so" ] || [ -n "${have[${so##*/}]:-}" ] || grep -qx "$so" /work/keep || rm "$so"
    done
}

busybox_applets() { chroot /work/root /usr/bin/busybox --list; }

make_base() {
    local m path link
    local from=/work/kernel/usr/lib/modules/$release to=/work/root/usr/lib/modules/$release
    cd /work/root
    while read -r path; do rm -rf "./${path:?}"; done < /work/prune
    # A link gets the content of the file it names, so that the sweep needs to look at names only.
    find "$lib" -maxdepth 1 -type l -name '*.so.*' | sort > /work/links
    while read -r link; do
        path=$(readlink -f "$link")
        if [ -f "$path" ]; then cp --remove-destination -p "$path" "$link"; else rm "$link"; fi
    done < /work/links
    close_libraries
    mkdir -p dev proc sys run tmp root etc
    chmod 1777 tmp
    ln -sf ../proc/self/mounts etc/mtab
    for m in $(busybox_applets); do # links once here, not at every boot
        [ -e "usr/bin/$m" ] || [ -e "usr/sbin/$m" ] || ln -s busybox "usr/bin/$m"
    done

    mkdir -p "$to"
    ln -s usr/lib /work/kernel/lib # where depmod and modprobe look
    depmod -b /work/kernel "$release"
    while read -r m; do
        modprobe -d /work/kernel -S "$release" --show-depends "$m" |
            sed -n 's,^insmod /work/kernel,,p' > /work/deps
        [ -s /work/deps ] || die "no kernel module $m"
        while read -r path; do
            path=${path#"/usr/lib/modules/$release/"}
            path=${path#"/lib/modules/$release/"}
            mkdir -p "$to/$(dirname "$path")"
            cp "$from/$path" "$to/$path"
        done < /work/deps
    done < /work/module
    cp "$from"/modules.{order,builtin,builtin.modinfo} "$to/"
    depmod -b /work/root "$release"
    rm -f "$to"/modules.{alias,dep,symbols,devname} # the .bin files are what modprobe reads
    list /work/root > /work/base.files
    pack /work/root > /work/base.cpio
}

make_overlay() {
    local path ko to=/work/overlay/usr/lib/modules/$release
    mkdir -p "$to/extra" /work/overlay/{etc/vdc,usr/sbin,usr/bin}
    (cd /src/guest/agent && sh ./build /work/overlay/usr/sbin/vdc-agent)
    ln -s usr/sbin/vdc-agent /work/overlay/init
    ln -s ../sbin/vdc-agent /work/overlay/usr/bin/vdc-mark
    ln -s ../sbin/vdc-agent /work/overlay/usr/bin/vdc-vtime
    echo 'root:x:0:0:root:/root:/bin/sh' > /work/overlay/etc/passwd
    echo 'root:x:0:' > /work/overlay/etc/group
    printf 'hosts: files\n' > /work/overlay/etc/nsswitch.conf
    cp /work/load /work/overlay/etc/vdc/modules

    while read -r path; do
        make -s -C "/usr/src/linux-headers-$release" M="/src/$path" W=1 KCFLAGS=-Werror modules \
            > /work/make.log 2>&1 || { cat /work/make.log >&2; die "$path does not build"; }
        grep -i 'warning' /work/make.log >&2 && die "$path builds with warnings"
        for ko in "/src/$path"/*.ko; do
            strip --strip-debug "$ko"
            cp "$ko" "$to/extra/"
        done
    done < /work/kmod
    [ -e /work/root/lib ] || ln -s usr/lib /work/root/lib
    cp -a "$to/extra" "/work/root/usr/lib/modules/$release/"
    depmod -b /work/root "$release"
    cp /work/root/usr/lib/modules/"$release"/modules.{dep,alias,symbols}.bin "$to/"
    list /work/overlay > /work/overlay.files
    pack /work/overlay > /work/overlay.cpio
}

case $1 in
base) make_base ;;
overlay) make_overlay ;;
*) die "unknown step $1" ;;
esac
