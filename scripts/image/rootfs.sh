#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs in the build chroot, in /stage: prunes and packs the guest root, or builds our overlay.
#
# usage: rootfs.sh base KERNEL_RELEASE      root + kernel -> base.cpio, base.files
#        rootfs.sh overlay KERNEL_RELEASE   /src + root's modules -> overlay.cpio, overlay.files
set -euo pipefail
release=$2
lib=usr/lib/x86_64-linux-gnu
cd /stage

die() { echo "image: error: $*" >&2; exit 1; }

gcc -std=c11 -Wall -Wextra -Wconversion -Werror -O2 -D_GNU_SOURCE -o tools/mkcpio tools/mkcpio.c
pack() { # directory: a newc archive with nothing of this host in it
    (cd "$1" && find . -mindepth 1 -print0 | sort -z | /stage/tools/mkcpio "$SOURCE_DATE_EPOCH")
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
    while read -r so; do
        compgen -G "$so" || true
    done < /stage/keep > /stage/kept
    {
        find usr/bin usr/sbin -type f
        cat /stage/kept
        # What programs open by name lies below directories of its own: all that is left there stays.
        find "$lib" usr/lib/python3* -mindepth 2 -type f -name '*.so*' 2> /dev/null || true
    } > /stage/todo
    while [ -s /stage/todo ]; do
        mapfile -t todo < /stage/todo
        needed "${todo[@]}" > /stage/found
        : > /stage/todo
        while read -r so; do
            [ -z "${have[$so]:-}" ] || continue
            have[$so]=1
            if [ -e "$lib/$so" ]; then
                echo "$lib/$so" >> /stage/todo
            else # or the loader itself, or in a directory of its user's RUNPATH
                [ -e "usr/lib64/$so" ] || find "$lib" -mindepth 2 -name "$so" | grep -q . ||
                    die "$so is needed and not in the image"
            fi
        done < /stage/found
    done
    for so in "$lib"/*; do
        [ -d "$so" ] || [ -n "${have[${so##*/}]:-}" ] || grep -qx "$so" /stage/kept || rm "$so"
    done
}

# Of a directory named by `only` lines, keeps what their patterns name.
keep_only() {
    local dir pattern path
    awk '{ print $1 }' /stage/only | sort -u > /stage/only.dirs
    while read -r dir; do
        [ -d "$dir" ] || die "only $dir: no such directory"
        awk -v d="$dir" '$1 == d { print d "/" $2 }' /stage/only | while read -r pattern; do
            compgen -G "$pattern" || die "only $pattern: no such file"
        done > /stage/only.kept
        for path in "$dir"/*; do
            grep -qxF "$path" /stage/only.kept || rm -rf "$path"
        done
    done < /stage/only.dirs
}

# Python's library as byte code: a guest would compile it at every start, with its own instructions.
compile_python() {
    local dir
    while read -r dir; do
        PYTHONHASHSEED=0 python3 -m compileall -q -b -s /stage/root -p / \
            --invalidation-mode unchecked-hash "$dir" || die "$dir does not compile"
        find "$dir" -name '*.py' -delete
    done < /stage/pyc
}

busybox_applets() { chroot /stage/root /usr/bin/busybox --list; }

make_base() {
    local m path link to
    local from=/stage/kernel/usr/lib/modules/$release modules=/stage/root/usr/lib/modules/$release
    cd /stage/root
    while read -r path; do rm -rf "./${path:?}"; done < /stage/prune
    while read -r path to; do
        mkdir -p "$(dirname "$to")"
        cp -r "/stage/upstream/$path" "$to"
    done < /stage/take
    # A link gets the content of the file it names, so that the sweep needs to look at names only.
    find "$lib" -maxdepth 1 -type l -name '*.so.*' | sort > /stage/links
    while read -r link; do
        path=$(readlink -f "$link")
        if [ -f "$path" ]; then cp --remove-destination -p "$path" "$link"; else rm "$link"; fi
    done < /stage/links
    keep_only
    close_libraries
    compile_python
    while read -r to link; do ln -s "$to" "$link"; done < /stage/link
    mkdir -p dev proc sys run tmp root etc
    chmod 1777 tmp
    ln -sf ../proc/self/mounts etc/mtab
    for m in $(busybox_applets); do # links once here, not at every boot
        [ -e "usr/bin/$m" ] || [ -e "usr/sbin/$m" ] || ln -s busybox "usr/bin/$m"
    done

    mkdir -p "$modules"
    ln -s usr/lib /stage/kernel/lib # where depmod and modprobe look
    depmod -b /stage/kernel "$release"
    while read -r m; do
        modprobe -d /stage/kernel -S "$release" --show-depends "$m" |
            sed -n 's,^insmod /stage/kernel,,p' > /stage/deps
        [ -s /stage/deps ] || die "no kernel module $m"
        while read -r path; do
            path=${path#"/usr/lib/modules/$release/"}
            path=${path#"/lib/modules/$release/"}
            mkdir -p "$modules/$(dirname "$path")"
            # Unpacked, and without type information: either costs a guest more than the bytes do.
            xz -dc "$from/$path" > "$modules/${path%.xz}"
            strip --strip-debug -R .BTF "$modules/${path%.xz}"
        done < /stage/deps
    done < /stage/module
    cp "$from"/modules.{order,builtin,builtin.modinfo} "$modules/"
    depmod -b /stage/root "$release"
    rm -f "$modules"/modules.{alias,dep,symbols,devname} # the .bin files are what modprobe reads
    list /stage/root > /stage/base.files
    pack /stage/root > /stage/base.cpio
}

# A provider of libibverbs, against the private headers of the very release that is in the image.
make_provider() { # directory
    mkdir -p /stage/libs "/stage/overlay/$lib/libibverbs" /stage/overlay/etc/libibverbs.d
    make -s -C "/src/$1" RDMA_CORE=/stage/upstream/rdma-core HW=/src/devices/hinic/hw \
        UAPI=/src/guest-kmods/hinic/uapi O=/stage/libs > /stage/make.log 2>&1 ||
        { cat /stage/make.log >&2; die "$1 does not build"; }
    cp /stage/libs/*.so "/stage/overlay/$lib/libibverbs/"
    cp /stage/libs/*.driver /stage/overlay/etc/libibverbs.d/
}

make_overlay() {
    local path ko symbols='' to=/stage/overlay/usr/lib/modules/$release
    mkdir -p "$to/extra" /stage/overlay/{etc/vdc,usr/sbin,usr/bin}
    (cd /src/guest/agent && sh ./build /stage/overlay/usr/sbin/vdc-agent)
    ln -s usr/sbin/vdc-agent /stage/overlay/init
    ln -s ../sbin/vdc-agent /stage/overlay/usr/bin/vdc-mark
    ln -s ../sbin/vdc-agent /stage/overlay/usr/bin/vdc-vtime
    echo 'root:x:0:0:root:/root:/bin/sh' > /stage/overlay/etc/passwd
    echo 'root:x:0:' > /stage/overlay/etc/group
    printf 'hosts: files\n' > /stage/overlay/etc/nsswitch.conf
    cp /stage/load /stage/overlay/etc/vdc/modules

    while read -r path; do
        make -s -C "/usr/src/linux-headers-$release" M="/src/$path" W=1 KCFLAGS=-Werror \
            KBUILD_EXTRA_SYMBOLS="$symbols" modules > /stage/make.log 2>&1 ||
            { cat /stage/make.log >&2; die "$path does not build"; }
        grep -i 'warning' /stage/make.log >&2 && die "$path builds with warnings"
        for ko in "/src/$path"/*.ko; do
            strip --strip-debug "$ko"
            cp "$ko" "$to/extra/"
        done
        symbols="$symbols /src/$path/Module.symvers" # for the modules that come later
    done < /stage/kmod
    while read -r path; do
        (cd "/src/$path" && sh ./build /stage/overlay/usr/bin) || die "$path does not build"
    done < /stage/program
    while read -r path; do make_provider "$path"; done < /stage/provider
    [ -e /stage/root/lib ] || ln -s usr/lib /stage/root/lib
    cp -a "$to/extra" "/stage/root/usr/lib/modules/$release/"
    depmod -b /stage/root "$release"
    cp /stage/root/usr/lib/modules/"$release"/modules.{dep,alias,symbols}.bin "$to/"
    list /stage/overlay > /stage/overlay.files
    pack /stage/overlay > /stage/overlay.cpio
}

case $1 in
base) make_base ;;
overlay) make_overlay ;;
*) die "unknown step $1" ;;
esac
