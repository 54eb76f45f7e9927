#!/usr/bin/env bash
# Test with several processes on this machine: tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [tools/test.py's options]
# On a free port, or on PORT. Several machines: set NNODES, NODE_RANK and MASTER_ADDR on each; PORT is then 29500 by default.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
source "$(dirname "$0")/dist_arguments.sh"
exec "${PYTHON:-python}" -m torch.distributed.run "${dist_arguments[@]}" --nproc_per_node="$3" \
    "$(dirname "$0")/test.py" "$1" "$2" --launcher pytorch "${@:4}"
