#!/usr/bin/env bash
# Sets up the environment, then runs the linter and the tests, on all cores.
# Usage: bash tools/test.sh [pytest arguments]
#   -m quick   those for every save, without trainings and processes
#   -m slow    those that take minutes or need data
#   -n 0       in one process, as plain pytest does
# VENV names the environment (default: .venv here).
set -euo pipefail
unset CDPATH  # or cd may go elsewhere, and say so

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${VENV:-$root/.venv}
[[ $venv == /* ]] || venv=$PWD/$venv

bash "$root/tools/setup_env.sh" "$venv"
cd "$root"
"$venv/bin/python" -m ruff check .
# A worker needs 1 GB. They steal tests from each other, so that none waits.
OMP_NUM_THREADS=1 exec "$venv/bin/python" -m pytest \
    -n auto --maxprocesses 8 --dist worksteal "$@"
