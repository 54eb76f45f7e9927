"""Short runs that are resumed, with their lengths, learning rates, logs and the images of every step."""

import math
from pathlib import Path

from mmengine.hooks import Hook
from tiny_run import tiny_run

LOOPS = {'epochs': 'tiny_rooms.py', 'iterations': 'tiny_rooms_iterations.py'}
LENGTH, BATCH, IMAGES = 3, 4, 10  # iterations of an epoch
WARMUP = [dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=5)]
COSINE = dict(type='CosineAnnealingLR', eta_min=0.0)  # to the end of the run, whatever that is
PLAIN = dict(
    model__backbone__drop_path_rate=0.0,
    train_dataloader__dataset__pipeline=[dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')],
)


class Seen(Hook):
    """Writes down the images of every step, below the folder that holds them."""

    def __init__(self) -> None:
        self.images: list[list[str]] = []

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.images.append(sorted('/'.join(Path(sample.img_path).parts[-3:]) for sample in data_batch['data_samples']))


def run(folder: Path, loop: str, steps: int, seen: Seen | None = None, **options):
    """So many iterations; checkpoints after each epoch, or each iteration."""
    by_epoch = loop == 'epochs'
    length = dict(by_epoch=True, max_epochs=steps // LENGTH) if by_epoch else dict(by_epoch=False, max_iters=steps)
    cosine = COSINE | (dict(by_epoch=True, convert_to_iter_based=True) if by_epoch else dict(by_epoch=False))
    defaults = dict(
        param_scheduler=[*WARMUP, cosine],
        val_cfg=None,
        val_dataloader=None,
        val_evaluator=None,
        default_hooks__checkpoint__interval=1,
        default_hooks__checkpoint__max_keep_ckpts=-1,
    )
    runner = tiny_run(
        folder,
        {'seen': seen or Seen()},
        LOOPS[loop],
        **defaults | dict(train_cfg={'_delete_': True, **length}) | options,
    )
    runner.train()
    return runner


def closed_form(step: int, steps: int, base: float = 1e-3) -> float:
    return base * (0.1 + 0.9 * min(step / 4, 1)) * (1 + math.cos(math.pi * step / steps)) / 2


def rates(runner) -> list[float]:
    return runner.message_hub.get_scalar('train/lr').data[0].tolist()


def log(folder: Path) -> str:
    return ''.join(path.read_text() for path in folder.glob('*/*.log'))
