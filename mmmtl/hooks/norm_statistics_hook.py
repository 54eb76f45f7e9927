"""The same normalisation statistics on every process whenever a network is judged."""

from mmcv.cnn import is_norm
from mmengine.dist import broadcast, get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmmtl.registry import HOOKS


@HOOKS.register_module()
class NormStatisticsHook(Hook):
    """Gives every process the running statistics of the first one before a validation or a test.

    Batch norm on each process averages over the images of that process alone, and DDP keeps parameters alike but not
    these. Without this hook a validation during training mixes the predictions of as many different networks as there
    are processes, and its scores are not those of the checkpoint, which holds the statistics of the first process.
    Training does not read them, and other buffers of a process stay its own.
    """

    priority = 'LOWEST'  # after hooks that exchange weights, such as EMAHook

    def before_val_epoch(self, runner) -> None:
        self.broadcast(runner)

    def before_test_epoch(self, runner) -> None:
        self.broadcast(runner)

    def broadcast(self, runner) -> None:
        """Overwrite the statistics in place."""
        if get_world_size() == 1:
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for module in model.modules():
            if is_norm(module):
                for statistic in module.buffers(recurse=False):
                    broadcast(statistic)
