# Where the processes of dist_train.sh and dist_test.sh meet; sourced by both.
if [ "${NNODES:-1}" = 1 ] && [ -z "${PORT:-}" ]; then
    dist_arguments=(--standalone)  # a free port of this machine
else
    dist_arguments=(--nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}"
                    --master_port="${PORT:-29500}")
fi
