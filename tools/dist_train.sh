#!/usr/bin/env bash
# Train with several processes on this machine, on GPUs or without: tools/dist_train.sh CONFIG PROCESSES [tools/train.py's options]
# Several machines: set NNODES, NODE_RANK and MASTER_ADDR on each.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
exec "${PYTHON:-python}" -m torch.distributed.run --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" --nproc_per_node="$2" \
    "$(dirname "$0")/train.py" "$1" --launcher pytorch "${@:3}"
