#!/usr/bin/env bash
# Locks requirements*.in into requirements*.txt, with hashes. `tests/lock.sh --upgrade` takes newer versions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python="${STRONGROOM_HOME:-$PWD/.strongroom}/venv/bin/python"
export CUSTOM_COMPILE_COMMAND="tests/lock.sh"
for name in requirements-build requirements requirements-dev; do
    echo "locking $name.txt …" >&2
    "$python" -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
        --no-emit-trusted-host --no-emit-find-links --no-emit-options --output-file="$name.txt" "$@" "$name.in"
done
