#!/usr/bin/env bash
# Train on several GPUs, or on CPU ranks for a trial:
#   tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]
# NNODES, NODE_RANK, MASTER_ADDR and PORT as in mmpretrain.
set -euo pipefail
unset CDPATH  # or cd may go elsewhere, and say so
if [ $# -lt 2 ]; then
  echo "usage: tools/dist_train.sh CONFIG GPUS [arguments of train.py]" >&2
  exit 2
fi
config=$1 gpus=$2
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

exec "${PYTHON:-python}" "$tools/_launch.py" \
  --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
  --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
  --nproc_per_node="$gpus" \
  "$tools/train.py" "$config" --launcher pytorch "${@:3}"
