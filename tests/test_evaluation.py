"""Scores do not depend on the batch size or on the number of processes."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_recipes import ALIKE, BASES, NETWORKS, RECIPES
from mmengine.evaluator import Evaluator
from mmengine.model import BaseModel
from torch import Tensor, nn
from two_processes import join_group, run_in_processes, work

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.models import MultiTaskModel
from mmmtl.registry import MODELS

pytestmark = pytest.mark.filterwarnings('ignore:.*as partial=True allows')

SEED = 0  # of images and sizes
NAMES = [f'{recipe.base}/{network}' for recipe in RECIPES for network in recipe.networks]

# bases whose images are of several sizes
MIXED = {
    'bsds500',
    'bsds500_fractions',
    'camvid',
    'camvid_bsds500_two_view',
    'cihp',
    'kitti_eigen',
    'kitti_semantics',
    'kitti_stereo',
    'posed_views',
    'posed_views_pairs',
}
# number of processes -> what they evaluate: groups of three all of these bases, tasks and metrics; groups of two a part
GROUPS = {
    3: [name for name in NAMES if name.split('/')[0] in MIXED | {'pascal_context_sak', 'rooms_small_pairs'}],
    2: ['bsds500_fractions/vit', 'camvid_bsds500_two_view/cvm', 'posed_views_pairs/cvm'],
}


def batch_size(name: str, processes: int) -> int:
    """2 to 4 images per process, drawn at random."""
    return int(np.random.default_rng([SEED, NAMES.index(name), processes]).integers(2, 5))


def network(name: str, tasks: dict, dtype: torch.dtype) -> MultiTaskModel:
    """Random weights and statistics, so that every layer affects the output."""
    torch.manual_seed(0)
    model = MODELS.build(dict(type=MultiTaskModel, tasks=tasks, **NETWORKS[name]))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    for parameter in model.decode_head.parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_normal_(parameter)
    return model.to(dtype).eval()


class LogitRecorder:
    """A wrapper of a model that keeps the logits of each image."""

    def __init__(self, model: MultiTaskModel) -> None:
        self.model, self.logits, predict = model, {}, model.predict

        def record(logits: dict[str, Tensor], samples: list) -> list:
            for index, sample in enumerate(samples):
                height, width = sample.img_shape
                key = f'{sample.get("dataset")} {sample.scene} {sample.view} of {sample.num_views}'
                assert key not in self.logits, f'{key} was predicted twice'
                self.logits[key] = {name: x[index, :, :height, :width].clone() for name, x in logits.items()}
            return predict(logits, samples)

        model.predict = record


@torch.no_grad()
def evaluate(
    name: str, options: dict, batch_size: int, dtype: torch.dtype = torch.float64
) -> tuple[dict[str, float], dict[str, dict[str, Tensor]]]:
    """Scores of the validation split, and the logits of the images that this process saw."""
    base, network_name = name.split('/')
    # bases with a protocol evaluate images at their original size; the others resize them, here to a miniature size
    has_protocol = load_config(BASES / f'{base}.py').get('protocol')
    scale = {'trained_for': None} if has_protocol else {'trained_for.size': (40, 56)}
    config = load_config(
        BASES / f'{base}.py',
        options | scale | {'protocol': None, 'val_dataloader.num_workers': 0, 'val_dataloader.batch_size': batch_size},
    )
    loader = MultiTaskRunner.build_dataloader(config.val_dataloader, seed=0)
    evaluator = Evaluator(config.val_evaluator)
    evaluator.dataset_meta = loader.dataset.metainfo
    recorder = LogitRecorder(network(network_name, config.tasks, dtype))
    for batch in loader:
        evaluator.process(recorder.model.val_step(batch), batch)
    return evaluator.evaluate(len(loader.dataset)), recorder.logits


def options_of(root: Path) -> dict[str, dict]:
    """Write the miniature data; ``{base: options}``."""
    return {recipe.base: recipe.write(root / recipe.base, SEED) for recipe in RECIPES}


def evaluate_in_groups(rank: int) -> dict[int, dict[str, tuple]]:
    """Return the scores and logits of this process in groups of three and of two; each process writes equal data."""
    options = options_of(Path(os.environ['MMMTL_TEST_ROOT']) / str(rank))
    found = {}
    for processes, names in GROUPS.items():
        join_group(processes)
        if rank < processes:
            found[processes] = {
                name: evaluate(name, options[name.split('/')[0]], batch_size(name, processes)) for name in names
            }
    return found


@pytest.fixture(scope='module')
def options(tmp_path_factory) -> Iterator[dict[str, dict]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMMTL_CACHE', str(tmp_path_factory.mktemp('cache')))
        yield options_of(tmp_path_factory.mktemp('data'))


@pytest.fixture(scope='module')
def alone(options) -> dict[str, tuple]:
    """Image by image, in one process."""
    return {name: evaluate(name, options[name.split('/')[0]], 1) for name in NAMES}


def check_scores(found: dict[str, float], expected: dict[str, float]) -> None:
    assert expected and found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def largest_difference(found: dict[str, dict[str, Tensor]], expected: dict[str, dict[str, Tensor]]) -> float:
    """Return the largest difference of two logits, in standard deviations of the logits of its image and task."""
    assert found.keys() == expected.keys()
    assert all(logits[task].std() > 0 for logits in expected.values() for task in logits)
    return max(
        ((found[image][task] - logits[task]).abs().max() / logits[task].std()).item()
        for image, logits in expected.items()
        for task in logits
    )


def test_every_base_is_evaluated_here():
    ours = {recipe.base for recipe in RECIPES}
    assert ours | set(ALIKE) == {path.stem for path in BASES.glob('*.py')} and set(ALIKE.values()) <= ours


def test_images_are_of_several_sizes(alone):
    """With images of one size, padding could not change a score."""
    for name, (_, logits) in alone.items():
        if name.split('/')[0] in MIXED:
            assert len({x.shape[1:] for tasks in logits.values() for x in tasks.values()}) > 1


@pytest.mark.parametrize('name', NAMES)
def test_the_batch_size_does_not_matter(name, options, alone):
    scores, logits = evaluate(name, options[name.split('/')[0]], batch_size(name, 1))
    assert largest_difference(logits, alone[name][1]) < 1e-10
    check_scores(scores, alone[name][0])


@pytest.mark.parametrize(
    'name',
    [  # every network once
        'camvid_bsds500_two_view/cvm',
        'cihp/aspp',
        'cihp/vit',
        'kitti_eigen/aspp-32',
        'kitti_stereo/resized',
        'rooms_matches/ccnn',
        'rooms_small_pairs/cvm',
    ],
)
def test_float32_differs_by_rounding_only(name, options):
    (_, one), (_, several) = (
        evaluate(name, options[name.split('/')[0]], size, torch.float32) for size in (1, batch_size(name, 1))
    )
    assert largest_difference(several, one) < 1e-5
    for image, logits in one.items():
        for task, x in logits.items():
            if len(x) > 3:  # classes
                best = x.topk(2, dim=0).values
                changed = x.argmax(0) != several[image][task].argmax(0)
                assert (best[0] - best[1])[changed].le(1e-5 * x.std()).all()


@pytest.mark.check
def test_the_number_of_processes_does_not_matter(options, alone, tmp_path, monkeypatch):
    monkeypatch.setenv('MMMTL_TEST_ROOT', str(tmp_path / 'data'))
    found = run_in_processes(__file__, tmp_path / 'results', max(GROUPS))
    for processes, names in GROUPS.items():
        for name in names:
            (expected, logits), together = alone[name], {}
            for part in found[:processes]:
                scores, own = part[processes][name]
                check_scores(scores, expected)
                assert not together.keys() & own.keys()
                together |= own
            assert largest_difference(together, logits) < 1e-10


def test_neighbours_in_the_batch_mattered_when_images_were_padded(options, alone, monkeypatch):
    """The tests detect a step like MMEngine's, which pads a batch to its largest image."""
    monkeypatch.setattr(MultiTaskModel, 'val_step', BaseModel.val_step)
    for name in ('cihp/aspp', 'bsds500_fractions/vit', 'posed_views/aspp'):
        scores, logits = evaluate(name, options[name.split('/')[0]], 4)
        assert largest_difference(logits, alone[name][1]) > 0.01
        assert scores != pytest.approx(alone[name][0], rel=1e-3, nan_ok=True)


if __name__ == '__main__':
    work(evaluate_in_groups)
