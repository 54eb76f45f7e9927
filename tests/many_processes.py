"""What one process of a group draws, keeps and scores; run as a script with a folder and a number of processes."""

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from forked_processes import run_forked
from mmengine.dist import get_rank, get_world_size
from mmengine.structures import PixelData
from sized_parts import SizedParts

from mmmtl.datasets import (
    EpochSampler,
    EvenlySplitSampler,
    LabelFile,
    LabelRatio,
    OneLabel,
    RandomLabels,
    RatioSampler,
    Record,
    View,
)
from mmmtl.metrics import MultiTaskMetric, PerDatasetMetric
from mmmtl.models.loss_reduction import REDUCTIONS, reduce_losses
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Edge, SemSeg

TASKS = dict(
    semseg=dict(type=SemSeg, classes=list('abcde')),
    depth=dict(type=Depth),
    edge=dict(type=Edge, suppress=False),
)
WHOLE_BATCH = 128  # of all processes
SIZES = (1, 63, 64, 65, 1000)  # of datasets
EPOCHS = 3


def samples(count: int) -> list[MultiTaskDataSample]:
    """Images of unequal size; every third lacks depth, and only image 0 shows edges."""
    made = []
    for number in range(count):
        rng = torch.Generator().manual_seed(number)
        size = 4 + number % 5, 6
        labels = {'semseg': torch.randint(5, (1, *size), generator=rng)}
        if number % 3:
            labels['depth'] = 0.5 + torch.rand(1, *size, generator=rng)
        if number == 0:
            labels['edge'] = (torch.rand(1, *size, generator=rng) < 0.3).float()
        pred = PixelData(
            semseg=torch.randint(5, (1, *size), generator=rng),
            depth=0.5 + torch.rand(1, *size, generator=rng),
            edge=torch.rand(1, *size, generator=rng),
        )
        sample = MultiTaskDataSample(gt=PixelData(**labels), pred=pred)
        sample.set_metainfo({'dataset': 'even' if number % 2 == 0 else 'odd'})
        made.append(sample)
    return made


def drawn() -> dict[str, Any]:
    """Return the indices that this process draws from each sampler."""
    result: dict[str, Any] = {}
    for size in SIZES:
        sampler = EpochSampler(range(size), seed=3)
        epochs = []
        for epoch in range(EPOCHS):
            sampler.set_epoch(epoch)
            epochs.append([key.index for key in sampler])
        result[f'epochs of {size}'] = epochs
        result[f'evaluation of {size}'] = [key.index for key in EvenlySplitSampler(range(size))]
        endless = iter(EpochSampler(range(size), seed=3, endless=True))
        result[f'endless of {size}'] = [key.index for key in islice(endless, 5 * WHOLE_BATCH // get_world_size())]
    per_rank = WHOLE_BATCH // get_world_size()
    ratio = RatioSampler(SizedParts(a=70, b=300, c=11), dict(a=2, b=1, c=1), per_rank, seed=3, endless=True)
    result['ratio'] = [key.index for key in islice(iter(ratio), 5 * per_rank)]
    return result


def shown() -> dict[str, list[tuple[str, ...]]]:
    """Return the labels that each label setting shows."""
    labels = {name: LabelFile(Path(name)) for name in TASKS}
    records = [Record(str(number), (View(Path('image'), labels),)) for number in range(1000)]
    settings = {
        'one label': OneLabel(1),
        'ratio': LabelRatio(dict(semseg=1, depth=4, edge=2), 1),
        'random': RandomLabels(1),
    }
    return {name: setting.shown(records, list(TASKS)) for name, setting in settings.items()}


def scores() -> dict[str, dict[str, float]]:
    """Return the scores of datasets that are split over the processes, of which some may get no image."""
    result = {}
    for size in SIZES:
        images = samples(size)
        whole = MultiTaskMetric(TASKS)
        parts = PerDatasetMetric({name: dict(type=MultiTaskMetric, tasks=TASKS) for name in ('even', 'odd')})
        for key in EvenlySplitSampler(range(size)):
            sample = images[key.index].to_dict()
            whole.process({}, [sample])
            parts.process({}, [sample])
        result[str(size)] = whole.evaluate(size) | parts.evaluate(size)
    return result


def losses() -> dict[str, float]:
    """Return each reduction's loss of the whole batch: the mean over the processes, as DDP takes it."""
    rng = torch.Generator().manual_seed(0)
    sums, counts = torch.rand(2, WHOLE_BATCH, generator=rng), torch.randint(0, 3, (2, WHOLE_BATCH), generator=rng)
    counts[1, 1:] = 0  # only one image of one process has this label
    own = slice(get_rank(), None, get_world_size())
    result = {}
    for how in REDUCTIONS:
        terms, _ = reduce_losses(list(sums[:, own] * counts[:, own]), list(counts[:, own].float()), how)
        mean = torch.stack(terms)
        if get_world_size() > 1:
            torch.distributed.all_reduce(mean)
        result |= {f'{how} {task}': float(value) / get_world_size() for task, value in enumerate(mean)}
    return result


def everything() -> dict[str, Any]:
    """Return all of the above for this process."""
    return {'drawn': drawn(), 'shown': shown(), 'scores': scores(), 'losses': losses()}


if __name__ == '__main__':
    torch.set_num_threads(1)
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    torch.save(run_forked(everything, folder, count), folder / f'{count}.pt')
