# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The nouns of the image builder: recipe, lock, cache and the digests that name what was built.
# Sourced by build and update, which set NAME. Functions print to stdout only what they return.

export LC_ALL=C TZ=UTC
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/vdc
DEBS=$CACHE/debs
RECIPE=$ROOT/images/$NAME.recipe
LOCK=$ROOT/images/$NAME.lock
BUILDER=1   # version of the lock format

say() { printf 'image %s: %s\n' "$NAME" "$*" >&2; }
die() { printf 'image %s: error: %s\n' "$NAME" "$*" >&2; exit 1; }

# The lines of a recipe, behind those of the recipe it is like.
recipe_lines() { # name
    local file=$ROOT/images/$1.recipe like
    [ -f "$file" ] || die "no recipe images/$1.recipe"
    like=$(awk '$1 == "like" { print $2; exit }' "$file")
    [ -z "$like" ] || recipe_lines "$like"
    grep -Ev '^(#|like |$)' "$file"
}

# All values of one key of the recipe, one per line.
recipe() { recipe_lines "$NAME" | awk -v k="$1" '$1 == k { $1 = ""; print substr($0, 2) }'; }

# The lock's lines of one set (guest, build, kernel, upstream): package version architecture sha256 size sets.
locked() { awk -v s="$1" 'NF == 6 && $6 ~ "(^|,)" s "(,|$)"' "$LOCK"; }

# What we take of our own directories, as arguments of find; what builds leave behind is not a source.
SOURCES=(-type f '(' -name '*.[ch]' -o -name '*.sh' -o -name '*.map' -o -name '*.awk' -o -name '*.driver' -o -name Kbuild
    -o -name Makefile -o -name build ')' ! -name '*.mod.c')

# A digest of source files by name and content.
digest_tree() {
    local path
    for path in "$@"; do
        [ -e "$ROOT/$path" ] || die "no directory $path (named by images/$NAME.recipe)"
    done
    (cd "$ROOT" && find "$@" "${SOURCES[@]}" -print0 | sort -z | xargs -0 -r sha256sum) |
        sha256sum | cut -c1-16
}

# Recipe keys about our own files: the base does not depend on them.
OWN='kmod|source|program|provider|load|cmdline'
own_directories() { recipe_lines "$NAME" | awk '$1 ~ /^(kmod|source|program|provider)$/ { print $2 }'; }

# What the cached parts are called by. The chroot depends on its packages alone, the base on the
# recipe and all packages, the image on our own sources as well.
chroot_key() { locked build | cut -d' ' -f1-5 | sha256sum | cut -c1-16; }
base_key() {
    {
        echo "$BUILDER"
        recipe_lines "$NAME" | grep -Ev "^($OWN) "
        awk 'NF == 6' "$LOCK"
        digest_tree scripts/image/build scripts/image/rootfs.sh scripts/image/mkcpio.c
    } | sha256sum | cut -c1-16
}
image_key() {
    # shellcheck disable=SC2046 # the recipe's paths have no blanks
    {
        base_key
        recipe_lines "$NAME" | grep -E "^($OWN) " || true
        digest_tree $(own_directories)
    } | sha256sum | cut -c1-16
}

need_root() {
    [ "$(id -u)" = 0 ] || die "must run as root (it unpacks system files and enters a chroot)"
}

need_recipe() {
    [ -f "$RECIPE" ] ||
        die "no recipe images/$NAME.recipe; there are: $(cd "$ROOT/images" && echo *.recipe)"
}

# A private apt: own lists, own cache, no packages installed. The mirror is the one the host uses
# for its base suite.
apt_setup() {
    local site type state=$CACHE/apt/$NAME
    if [ -n "${VDC_MIRROR:-}" ]; then
        site=$VDC_MIRROR
    else
        site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' \
            'Created-By: Packages' 'Origin: Debian' |
            awk '$2 !~ /-/ { print $1; exit }')
    fi
    [ -n "$site" ] ||
        die "apt of this host knows no Debian suite: run apt-get update, or set VDC_MIRROR"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/empty"
    : > "$state/status"
    for type in deb $(recipe upstream | sed -n '1s/.*/deb-src/p'); do
        printf '%s [signed-by=%s] %s %s main\n' "$type" \
            /usr/share/keyrings/debian-archive-keyring.gpg "$site" "$(recipe suite)"
    done > "$state/sources.list"
    APT=(-qq -o "Dir::Etc::sourcelist=$state/sources.list" -o "Dir::Etc::sourceparts=$state/empty"
        -o "Dir::Etc::preferencesparts=$state/empty" -o Dir::Etc::preferences=/dev/null
        -o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state/cache"
        -o "Dir::State::status=$state/status"
        -o Acquire::Languages=none -o Acquire::ForceHash=SHA256 -o APT::Install-Recommends=false
        -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root)
    say "reading the package lists of $(recipe suite)"
    apt-get "${APT[@]}" update >&2 || die "the mirror $site does not serve $(recipe suite)"
}

# Turns `apt-get --print-uris` lines into: uri package version architecture sha256 size.
uris() {
    awk '{
        uri = $1; gsub("\047", "", uri)
        n = split($2, part, "_"); arch = part[3]; sub("\\.deb$", "", arch)
        version = part[2]; gsub("%3a", ":", version)
        sub("^SHA256:", "", $4)
        print uri, part[1], version, arch, $4, $3
    }'
}

# The upstream archive of a source package, in the same form; its packaging is not needed.
upstream_uris() { # source packages...
    apt-get "${APT[@]}" source --print-uris "$@" | awk '{
        uri = $1; gsub("\047", "", uri)
        if ($2 !~ /\.orig\.tar\.[a-z0-9]+$/) next
        n = split($2, part, "_"); version = part[2]; sub(/\.orig\.tar.*/, "", version)
        sub("^SHA256:", "", $4)
        print uri, part[1], version, "source", $4, $3
    }'
}

# Downloads one file into the cache by its sha256; the name appears only when the content is right.
fetch_deb() {
    local uri=$1 sum=$2 part
    [ -f "$DEBS/$sum" ] && return
    part=$DEBS/.part.$$
    /usr/lib/apt/apt-helper "${APT[@]}" download-file "$uri" "$part" "SHA256:$sum" >&2 ||
        die "cannot download $uri with sha256 $sum"
    mv "$part" "$DEBS/$sum"
}
