"""Equal normalization statistics on all processes in validation and test."""

from mmcv.cnn import is_norm
from mmengine.dist import broadcast, get_world_size
from mmengine.hooks import Hook

from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class NormStatisticsHook(Hook):
    """Broadcast the running statistics of the main process before validation and test.

    `BatchNorm` averages over the images of its process, and DDP synchronizes parameters but not these statistics.
    Without this hook, the processes of a validation evaluate different networks, and the scores are not those of the
    checkpoint, which has the statistics of the main process. Training does not use running statistics. Other buffers
    are not changed.
    """

    priority = 'LOWEST'  # after hooks that swap weights, such as EMAHook

    def before_val_epoch(self, runner) -> None:
        self.broadcast_statistics(runner)

    def before_test_epoch(self, runner) -> None:
        self.broadcast_statistics(runner)

    def broadcast_statistics(self, runner) -> None:
        """Overwrite the statistics in place with those of the main process."""
        if get_world_size() == 1:
            return
        model = unwrap_model(runner.model)
        for module in model.modules():
            if is_norm(module):
                for statistic in module.buffers(recurse=False):
                    broadcast(statistic)
