# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Turns each top-level "struct NAME { ... };" of a kernel ABI header into "#define _STRUCT_NAME
# struct { ... }", the form that the command structs of libibverbs are composed of.
{
    gsub(/^[ \t]+|[ \t]+$/, "")
    gsub(/\/\*.*\*\//, "")
}
depth == 0 && /^(struct|union)[ \t]+[a-z0-9_]+[ \t]*\{/ {
    printf "#define _STRUCT_%s %s { \\\n", $2, $1
    depth = 1
    next
}
depth == 1 && /^\}.*;/ {
    sub(/;.*/, "")
    print $0 "\n"
    depth = 0
    next
}
depth > 0 {
    if ($0 ~ /^(struct|union)[ \t]*\{$/)
        depth++
    else if ($0 ~ /^\}.*;/)
        depth--
    print $0 " \\"
}
