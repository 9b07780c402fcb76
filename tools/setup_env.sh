#!/usr/bin/env bash
# Makes a virtual environment with mmrela and all that its tests need.
# Usage: bash tools/setup_env.sh [VENV]     (default: $VENV, else .venv here)
# Takes $PYTHON, or the first suitable python3 on PATH. Run it again after an
# update: it takes no time when nothing changed. If VENV holds a full mmcv,
# that is kept, with the versions that stand beside it.
set -euo pipefail
unset CDPATH  # or cd may go elsewhere, and say so

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${1:-${VENV:-$root/.venv}}
[[ $venv == /* ]] || venv=$PWD/$venv
stamp=$venv/.mmrela-stamp
suitable='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 13))'

fail() {
    echo "error: $1" >&2
    exit 2
}

make_venv() {
    local python
    for python in "${PYTHON:-}" python3 python3.12 python3.11 python3.10; do
        if [[ $python ]] && "$python" -c "$suitable" 2>/dev/null; then
            echo "Making $venv with $("$python" --version) ..."
            "$python" -m venv "$venv" && return
            fail "$python could not make $venv (see above)."
        fi
    done
    fail 'no Python 3.10, 3.11 or 3.12 found; install one or set PYTHON.'
}

fingerprint() {
    "$venv/bin/python" - "$root" <<'PY'
import hashlib
import sys
from pathlib import Path

root = Path(sys.argv[1])
found = hashlib.sha256(f'{sys.version} {root}'.encode())
for name in 'setup.cfg', 'pyproject.toml', 'tools/constraints.txt':
    found.update((root / name).read_bytes())
print(found.hexdigest())
PY
}

has_full_mmcv() {
    "$venv/bin/python" - <<'PY'
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

try:
    version('mmcv-lite')
    sys.exit(1)
except PackageNotFoundError:
    sys.exit(find_spec('mmcv') is None)
PY
}

pip_quiet() {
    "$venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"
}

python_opens() {
    "$venv/bin/python" -W ignore -c "import $1"
}

swap_opencv() {
    local version
    version=$("$venv/bin/python" -c 'import importlib.metadata as m
print(m.version("opencv-python"))')
    echo "OpenCV lacks libGL or the like: taking its headless build $version."
    pip_quiet uninstall -y opencv-python
    pip_quiet install --no-deps --force-reinstall \
        "opencv-python-headless==$version"
}

if [[ ! -x $venv/bin/python ]]; then
    [[ -z $(ls -A "$venv" 2>/dev/null) || -f $venv/pyvenv.cfg ]] ||
        fail "$venv is not empty and no environment; name another folder."
    make_venv
fi
"$venv/bin/python" -c "$suitable" ||
    fail "$venv has another Python than 3.10 to 3.12; name another folder."

wanted=$(fingerprint)
if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    echo "$venv is up to date."
    exit 0
fi

python_opens pip 2>/dev/null ||
    "$venv/bin/python" -m ensurepip >/dev/null ||
    fail "$venv has no pip and it could not be added (see above)."

extras=lite,tests
pins=$root/tools/constraints.txt
if has_full_mmcv; then
    # It was compiled for the torch that is there, so the pins stay out, too.
    extras=tests
    pins=/dev/null
    echo 'Keeping the full mmcv that is installed, and its torch.'
fi
echo 'Installing the packages (6.3 GB, some minutes the first time) ...'
pip_quiet install -c "$pins" -e "$root[$extras]"

echo 'Checking that they import ...'
reason=$(python_opens cv2 2>&1) || [[ $reason != *.so* ]] || swap_opencv
python_opens 'cv2, mmcv, mmpretrain, torch'
echo "$wanted" >"$stamp"
echo "Ready: $venv"
