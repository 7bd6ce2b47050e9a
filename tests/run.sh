#!/usr/bin/env bash
# Checks everything, and at the end says what failed: set-up, lint, format, types, tests.
#   tests/run.sh [--fast | --slow] [arguments of pytest]
#   --fast   no Spark, and so no Java
#   --slow   the tests marked slow, too
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

speed=usual
case "${1-}" in
    --fast | --slow)
        speed="${1#--}"
        shift
        ;;
    --help | -h)
        sed -n '2,5s/^# //p' tests/run.sh
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

if [ "$speed" = fast ]; then
    ./spark-submit.sh --setup-only --tools --no-spark
else
    ./spark-submit.sh --setup-only --tools
    JAVA_HOME="$("$python" -c 'from strongroom.stores.java import find_java; print(find_java().home)')"
    export JAVA_HOME
fi

step "shell scripts" "$STRONGROOM_HOME/venv/bin/shellcheck" spark-submit.sh tests/*.sh .ci/run
step "lint" "$python" -m ruff check .
step "format" "$python" -m ruff format --check .
step "types" "$python" -m mypy
case "$speed" in
    fast) step "tests without Java" tests "not spark and not slow" "$@" ;;
    usual)
        step "tests without Java" tests "not spark and not slow" "$@"
        step "tests with Spark" tests "spark and not slow" "$@"
        ;;
    slow)
        step "tests without Java" tests "not spark" "$@"
        step "tests with Spark" tests "spark" "$@"
        ;;
esac

if [ -n "$failed" ]; then
    printf '\nfailed: %s\n' "$failed" >&2
    exit 1
fi
printf '\nall checks passed\n' >&2
