#!/usr/bin/env bash
# Starts a job of Strongroom: ./spark-submit.sh [launcher options] JOB [job options]
# Here only a Python is found; lib/strongroom/launcher.py does the rest, and docs/install.md tells what that is.
set -euo pipefail

fail() { # WHAT TODO: exit code 4 is "environment" in core/errors.py
    printf 'strongroom: %s %s\n' "$1" "$2" >&2
    exit 4
}

stopped() { # HEADLINE BY EXIT, in the words of every job
    printf 'strongroom: %s (exit %s)\n  what:  stopped by %s; nothing has begun\n  do:    Run again.\n' "$1" "$3" "$2" >&2
    exit "$3"
}
trap 'stopped interrupted Ctrl-C 130' INT
trap 'stopped stopped SIGTERM 143' TERM

here() { # the folder of this file, whatever symlinks led to it (macOS has no readlink -f)
    local file="$1" link
    while [ -L "$file" ]; do
        link="$(readlink "$file")"
        case "$link" in
            /*) file="$link" ;;
            *) file="$(dirname "$file")/$link" ;;
        esac
    done
    CDPATH='' cd -P -- "$(dirname "$file")" && pwd
}

system_python() { # the newest Python that fits, or nothing
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

install_hint() {
    if command -v apt-get >/dev/null; then
        echo "Run: sudo apt-get install python3 python3-venv (Debian 12, Ubuntu 24.04 or newer)."
    elif command -v dnf >/dev/null; then
        echo "Run: sudo dnf install python3.12"
    elif command -v brew >/dev/null; then
        echo "Run: brew install python@3.13"
    else
        echo "Install it, so that python3.11, python3.12, python3.13 or python3 is on the PATH."
    fi
}

root="$(here "${BASH_SOURCE[0]}")"
case "$root" in
    *:*) fail "The project's path holds a ':', which Java and Python take for the end of it: $root" "Move the project." ;;
esac
export STRONGROOM_HOME="${STRONGROOM_HOME:-$root/.strongroom}"
python="$STRONGROOM_HOME/venv/bin/python"
if ! [ -x "$python" ]; then
    python="$(system_python)"
    [ -n "$python" ] || fail "Python 3.11 or newer is missing." "$(install_hint)"
fi
# A Python that is only just starting can say nothing of a signal: env (of GNU) holds it back, else its first line does.
held=()
if env --block-signal=INT,TERM true 2>/dev/null; then
    held=(env "--block-signal=INT,TERM")
fi
# Isolated (-I): what the environment says to Python is for the job, if the settings let it through.
exec ${held[@]+"${held[@]}"} "$python" -I -c 'import _signal as s, sys; s.pthread_sigmask(s.SIG_BLOCK, (s.SIGINT, s.SIGTERM)); sys.path.insert(0, sys.argv.pop(1)); from strongroom.launcher import main; main(sys.argv[1:])' "$root/lib" "$@"
