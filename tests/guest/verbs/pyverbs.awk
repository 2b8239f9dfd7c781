# SPDX-License-Identifier: MIT
# Output of Python's unittest -> a line "FILE CLASS.TEST ok", "... bad" or "... skipped: REASON" per test.
match($0, /^test_[a-z0-9_]+ \(tests\.test_[A-Za-z0-9_.]+\)/) {
    id = substr($0, 1, RLENGTH - 1)
    sub(/^.*\(tests\.test_/, "", id)
    sub(/\./, " ", id)
}
# A message of another object may come in between: then the result stands alone on a later line.
id != "" && /(^|\.\.\. )(ok|FAIL|ERROR|expected failure|unexpected success|skipped '.*')$/ {
    result = $0
    sub(/^.*\.\.\. /, "", result)
    if (sub(/^skipped '/, "skipped: ", result))
        sub(/'$/, "", result)
    else if (result != "ok")
        result = "bad"
    print id, result
    id = ""
}
END {
    if (id != "")
        print id, "bad"
}
