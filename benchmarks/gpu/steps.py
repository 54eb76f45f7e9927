"""Whole training steps: batch to the device, forward, losses, backward and optimizer, with the recipes' settings."""

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from kernels import at_most
from mmengine.optim import build_optim_wrapper
from noise_batches import noise_batch

from mmmtl.apis import load_config
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.engine.memory import keep_freed_memory
from mmmtl.experiments.forward_speed import peak_memory, reset_peak_memory, synchronize
from mmmtl.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
DRY_SIZE, DRY_SCENES = (64, 96), 3
NARROW = (8, 8, 8, 16, 16)
SMALL_VIT = {
    'model.backbone.model_name': 'vit_small_patch16_dinov3.lvd1689m',
    'model.backbone.out_indices': (2, 5, 8, 11),
}
BF16 = {'optim_wrapper.type': 'mmmtl.MixedPrecisionOptimWrapper', 'optim_wrapper.dtype': 'bfloat16'}


@dataclass(frozen=True)
class Recipe:
    """A recipe to measure.

    Args:
        row: Config, relative to ``configs/``.
        size: Published size (H, W) of the images.
        scenes: Published batch size, in scenes.
        kind: Kind of batch, see `noise_batch`.
        options: Changes to the recipe.
        dry_options: Further changes of a dry run.
    """

    row: str
    size: tuple[int, int]
    scenes: int
    kind: str
    options: dict = field(default_factory=dict)
    dry_options: dict = field(default_factory=dict)


RECIPES = {
    'mtpsl': Recipe(
        'mtpsl/table_2.py::onelabel_cross_task',
        (288, 384),
        2,
        'crops',
        dry_options={
            'model.backbone.widths': NARROW,
            'model.consistency_losses.cross_task.space': dict(widths=NARROW),
        },
    ),
    'region_contrast': Recipe(
        'region_contrast/table_1.py::onelabel_region_gaussian',
        (288, 384),
        10,
        'regions',
        dry_options={'model.consistency_losses.region_contrast.space': dict(widths=NARROW)},
    ),
    'pseudo_mtl': Recipe(
        'pseudo_mtl/table_5.py::full', (96, 256), 4, 'stereo', dry_options={'model.backbone.model_name': 'vgg11_bn'}
    ),
    'baseline': Recipe('cvm/dinov3_vit_l16.py::nyud_40_baseline', (448, 576), 2, 'pairs', BF16, SMALL_VIT),
    'cvm': Recipe('cvm/dinov3_vit_l16.py::nyud_40_cvm', (448, 576), 2, 'pairs', BF16, SMALL_VIT),
}


class TrainingStep:
    """A network, its optimizer and a batch.

    Args:
        recipe: What to train.
        dry_run: Use small images on the CPU.
    """

    def __init__(self, recipe: Recipe, dry_run: bool) -> None:
        torch.manual_seed(0)
        self.device = torch.device('cpu' if dry_run else 'cuda')
        config = load_config(CONFIGS / recipe.row, {**recipe.options, **(recipe.dry_options if dry_run else {})})
        self.before = reset_peak_memory(self.device)
        self.model = MODELS.build(without_pretrained(config.model)).to(self.device).train()
        self.optimizer = build_optim_wrapper(self.model, config.optim_wrapper)
        size, scenes = (DRY_SIZE, min(DRY_SCENES, recipe.scenes)) if dry_run else (recipe.size, recipe.scenes)
        self.batch = noise_batch(self.model, size, scenes, recipe.kind)
        crops = 2 if recipe.kind == 'crops' else 1
        self.images = len(self.batch['inputs']) // crops

    def __call__(self) -> float:
        """Run one step and return its seconds."""
        synchronize(self.device)
        start = time.perf_counter()
        self.model.train_step(self.batch, self.optimizer)
        synchronize(self.device)
        return time.perf_counter() - start

    def warm_up(self, steps: int) -> float:
        """Run some steps; return the peak memory in MiB, minus what was allocated before."""
        for _ in range(steps):
            self()
        return (peak_memory(self.device) - self.before) / 2**20


def step(dry_run: bool, method: str) -> dict:
    """Measure the step of a method; for CvM, that of its baseline too."""
    keep_freed_memory()
    names = ('baseline', 'cvm') if method == 'cvm' else (method,)
    warm_up, rounds, repeats = (1, 1, 1) if dry_run else (3, 4, 8)
    numbers, steps, seconds = {}, {}, {name: [] for name in names}
    for name in names:
        steps[name] = TrainingStep(RECIPES[name], dry_run)
        numbers[f'{name} MiB'] = steps[name].warm_up(warm_up)
    for _ in range(rounds):  # alternately
        for name in names:
            seconds[name] += [steps[name]() for _ in range(repeats)]
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name in names:
        numbers |= {f'{name} ms': 1e3 * median[name], f'{name} images/s': steps[name].images / median[name]}
        numbers |= {f'{name} images': steps[name].images}
    goals = []
    if method == 'cvm':
        goals = [at_most('CvM adds to the step of ViT-L, in %', 100 * (median['cvm'] / median['baseline'] - 1), 10)]
    return {'numbers': numbers, 'goals': goals}
