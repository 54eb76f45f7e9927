"""A warning about views whose depth lies outside the planes of the cost volume."""

from mmengine.hooks import Hook

from mmmtl.geometry import warn_outside_planes
from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class DepthPlaneCoverageHook(Hook):
    """Warn about each image of which all known depth lies outside the planes of the network's cost volume.

    Each image of a scene of several views is checked once, on the host, after augmentation, which changes depth. Models
    without a cost volume (a neck without ``depth_range``) are skipped.
    """

    def __init__(self) -> None:
        self.checked: set[str] = set()

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.check(runner, data_batch)

    def before_val_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.check(runner, data_batch)

    def before_test_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.check(runner, data_batch)

    def check(self, runner, data_batch: dict | None) -> None:
        """Check the views of a batch that have not been checked yet."""
        model = unwrap_model(runner.model)
        depth_range = getattr(getattr(model, 'neck', None), 'depth_range', None)
        if depth_range is None or data_batch is None:
            return
        names = [name for name, task in model.tasks.items() if task.quantity == 'depth']
        for sample in data_batch['data_samples']:
            if sample.get('num_views', 1) == 1 or sample.img_path in self.checked:
                continue
            self.checked.add(sample.img_path)
            for name in names:
                if name in sample.gt:
                    warn_outside_planes(sample.gt.get(name), *depth_range, name=sample.img_path)
