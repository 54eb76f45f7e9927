"""A tiny run with one consistency loss, ``tie``, for the tests of the oracle."""

from tiny_run import tiny_run
from torch import Tensor

from mmmtl.models.consistency_losses import ConsistencyLoss


class Constant(ConsistencyLoss):
    """1 for all predictions."""

    def forward(self, logits: dict, targets: dict, features: tuple, samples: list) -> Tensor:
        return self.zero(logits) + 1


def runner(work_dir, hook=None, loss=None, **options):
    return tiny_run(
        work_dir,
        {'oracle': hook} if hook else None,
        train_dataloader__dataset__label_setting=dict(type='mmmtl.OneLabel'),
        train_dataloader__dataset__pipeline=[dict(type='mmmtl.LoadViews'), dict(type='mmmtl.TwoCrops')],
        model__consistency_losses=dict(
            tie=loss or dict(type='mmmtl.CrossTaskConsistency', weight=1.0, space=dict(widths=(6, 32)))
        ),
        train_cfg__max_epochs=1,
        train_cfg__val_interval=9,
        **options,
    )


def replace_loss(run, loss):
    """Replace the consistency loss of a model."""
    model = run.model
    model.consistency_losses['tie'] = loss(model.tasks, model.backbone.out_channels, model.backbone.strides)
    return model
