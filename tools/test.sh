#!/usr/bin/env bash
# Sets up the environment, then runs the linter and the tests.
# Usage: bash tools/test.sh [pytest arguments]     (-m slow for the slow ones)
# VENV names the environment (default: .venv here).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${VENV:-$root/.venv}
[[ $venv == /* ]] || venv=$PWD/$venv

bash "$root/tools/setup_env.sh" "$venv"
cd "$root"
"$venv/bin/python" -m ruff check .
OMP_NUM_THREADS=1 exec "$venv/bin/python" -m pytest "$@"
