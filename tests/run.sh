#!/usr/bin/env bash
# Checks everything, and at the end says what failed: set-up, lint, format, types, tests.
#   tests/run.sh [--fast | --slow | --changed] [arguments of pytest]
#   --fast     what is quick: no Spark, and so no Java, no whole jobs or programs, no long series
#   --slow     the tests marked slow, too; and a test of --fast that is not quick fails
#   --changed  only tests that can be touched by what differs from main: tests/changed.py
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

speed=usual
case "${1-}" in
    --fast | --slow | --changed)
        speed="${1#--}"
        shift
        ;;
    --help | -h)
        sed -n '2,6s/^# //p' tests/run.sh
        exit 0
        ;;
esac

export STRONGROOM_HOME="${STRONGROOM_HOME:-$PWD/.strongroom}"
export PYTHONPATH="$PWD/lib"
python="$STRONGROOM_HOME/venv/bin/python"
failed=""

step() { # NAME COMMAND…
    printf '\n== %s\n' "$1" >&2
    local name="$1" code=0
    shift
    "$@" || code=$?
    [ "$code" -eq 0 ] || failed="$failed${failed:+, }$name"
}

tests() { # SELECTION [arguments of pytest]; that a narrow choice leaves no test (5) is no failure
    local code=0
    "$python" -m pytest -m "$@" || code=$?
    [ "$code" -eq 5 ] || return "$code"
}

beside() { # [arguments of pytest]: what needs no Java in two processes, and what needs Spark at the same time
    local log fast with_spark shown stopped=""
    log="$(mktemp)"
    set -m # each in a process group of its own: in other background jobs Ctrl-C is ignored
    tests "spark and not slow" "$@" >"$log" 2>&1 </dev/null &
    with_spark=$!
    tests "not spark and not slow" -n 2 "$@" </dev/null &
    fast=$!
    set +m
    trap 'stopped=yes; kill -INT -- "-$fast" "-$with_spark" 2>/dev/null || true' INT TERM HUP
    step "tests without Java" ended "$fast"
    tail -n +1 -f "$log" &
    shown=$!
    step "tests with Spark, begun at the same time" ended "$with_spark"
    sleep 1 || true # and tail has come to the end
    kill "$shown"
    wait "$shown" 2>/dev/null || true
    rm -f "$log"
    trap - INT TERM HUP
    [ -z "$stopped" ] || exit 130
}

ended() { # PROCESS: its exit code; a signal that comes to us meanwhile ends waiting, not the process
    local code=0
    wait "$1" || code=$?
    while [ "$code" -gt 128 ] && kill -0 "$1" 2>/dev/null; do
        code=0
        wait "$1" || code=$?
    done
    return "$code"
}

if [ "$speed" = changed ]; then
    speed=usual
    touched="$(python3 tests/changed.py)"
    if [ "$touched" != all ]; then
        mapfile -t chosen <<<"$touched"
        set -- ${touched:+"${chosen[@]}"} "$@"
        printf 'tests that can be touched: %s files\n' "$(grep -c . <<<"$touched")" >&2
    fi
fi
if [ "$speed" = fast ]; then
    ./spark-submit.sh --setup-only --tools --no-spark
else
    ./spark-submit.sh --setup-only --tools
    JAVA_HOME="$("$python" -c 'from strongroom.setup.java import find_java; print(find_java().home)')"
    export JAVA_HOME
fi

step "shell scripts" "$STRONGROOM_HOME/venv/bin/shellcheck" spark-submit.sh tests/*.sh benchmarks/*.sh .ci/run
step "lint" "$python" -m ruff check .
step "format" "$python" -m ruff format --check .
step "types" "$python" -m mypy
case "$speed" in
    fast) step "quick tests" tests "not spark and not slow and not whole" -n 2 "$@" ;;
    usual) beside "$@" ;;
    slow) # one after the other: these start clusters, and kill jobs at moments that they measure
        export STRONGROOM_FULL=1 # random series in their whole length: tests/support/series.py
        step "tests without Java" tests "not spark" --strict-times "$@"
        step "tests with Spark" tests "spark" "$@"
        ;;
esac

if [ -n "$failed" ]; then
    printf '\nfailed: %s\n' "$failed" >&2
    exit 1
fi
printf '\nall checks passed\n' >&2
