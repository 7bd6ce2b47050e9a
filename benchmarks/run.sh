#!/usr/bin/env bash
# Measures: one line of JSON a figure. Without a name, every benchmark of this folder, one after the other.
#   benchmarks/run.sh [NAME…] [--rows N] [--rounds N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

names=() options=()
while [ $# -gt 0 ]; do
    case "$1" in
        --rows | --rounds)
            options+=("$1" "${2:?$1 needs a number}")
            shift
            ;;
        --help | -h)
            sed -n '2,3s/^# //p' benchmarks/run.sh
            exit 0
            ;;
        *) names+=("$1") ;;
    esac
    shift
done
if [ "${#names[@]}" -eq 0 ]; then
    for file in benchmarks/*.py; do
        if grep -q '^    main(run' "$file"; then names+=("$(basename "$file" .py)"); fi
    done
fi

./spark-submit.sh --setup-only --tools >&2
./spark-submit.sh --setup-only >&2 # with the archive of classes, which a set-up for tests alone leaves out
export STRONGROOM_HOME="${STRONGROOM_HOME:-$PWD/.strongroom}"
export PYTHONPATH="$PWD/lib:$PWD/tests:$PWD"
python="$STRONGROOM_HOME/venv/bin/python"
JAVA_HOME="$("$python" -c 'from strongroom.setup.java import find_java; print(find_java().home)')"
export JAVA_HOME

failed=""
for name in "${names[@]}"; do
    printf '== %s\n' "$name" >&2
    "$python" -m "benchmarks.$name" ${options[@]+"${options[@]}"} || failed="$failed $name"
done
[ -z "$failed" ] || {
    printf 'failed:%s\n' "$failed" >&2
    exit 1
}
