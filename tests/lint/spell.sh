#!/bin/sh
# SPDX-License-Identifier: MIT
# Spelling of documents and comments.
cd "$1" || exit 1
command -v codespell >/dev/null || {
    echo "codespell is not installed"
    exit 77
}
git ls-files | grep -vE '\.(lock|xz|bin|patch)$|/corpus/|^tests/golden/' |
    xargs codespell --ignore-words-list=inout,hist,nd,te,ot,fo,ans,mis,ser,iff,parm,parms,wit,ue,datas,hsi,ba,crate,nce,stopp
