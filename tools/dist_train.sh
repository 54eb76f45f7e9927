#!/usr/bin/env bash
# Train with several processes on this machine, on GPUs or without: tools/dist_train.sh CONFIG PROCESSES [tools/train.py's options]
# On a free port, or on PORT. Several machines: set NNODES, NODE_RANK and MASTER_ADDR on each; PORT is then 29500 by default.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
source "$(dirname "$0")/dist_arguments.sh"
exec "${PYTHON:-python}" -m torch.distributed.run "${dist_arguments[@]}" --nproc_per_node="$2" \
    "$(dirname "$0")/train.py" "$1" --launcher pytorch "${@:3}"
