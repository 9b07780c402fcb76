#!/usr/bin/env bash
# BYOL with and without RELA on real CIFAR-10, from a clean clone:
#   tools/quickstart.sh [--epochs N]
# Environment (VENV, default .venv), data, weights, targets, three trainings,
# probes and work_dirs/quickstart/report.{json,md,png}. What is done already
# is not done again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV=${VENV:-.venv}
bash tools/setup_env.sh "$VENV"
"$VENV/bin/python" tools/prepare_cifar10.py
"$VENV/bin/python" tools/prepare_mobilenet_v2.py
exec "$VENV/bin/python" tools/quickstart.py "$@"
