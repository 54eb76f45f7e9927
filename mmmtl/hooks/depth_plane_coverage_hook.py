"""A word about views that no plane of the cost volume can match."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmmtl.geometry import check_range
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class DepthPlaneCoverageHook(Hook):
    """Warns, naming the image, where all known depth of a view lies outside of the network's planes.

    Looked at once per image, on the host, before the batch goes to the device, and after the augmentation, which moves
    depths; only views that others look at are swept. Networks without a cost volume tell no ``depth_range``.
    """

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.look(runner, data_batch)

    def before_val_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.look(runner, data_batch)

    def before_test_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.look(runner, data_batch)

    def look(self, runner, data_batch: dict) -> None:
        """Check the views of a batch that have not been checked yet."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        depth_range = getattr(getattr(model, 'neck', None), 'depth_range', None)
        if depth_range is None:
            return
        names = [name for name, task in model.tasks.items() if task.quantity == 'depth']
        for sample in data_batch['data_samples']:
            if sample.get('views', 1) == 1 or sample.img_path in self.seen:
                continue
            self.seen.add(sample.img_path)
            for name in names:
                if name in sample.gt:
                    check_range(sample.gt.get(name), *depth_range, name=sample.img_path)
