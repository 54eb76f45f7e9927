"""Every recipe builds under plain MMEngine and as a flat text config, and its model takes a training step."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.structures import PixelData

from mmmtl.apis import load_config
from mmmtl.configuration.recipes import all_recipes, recipe_name
from mmmtl.models.consistency_losses import DirectMap, PerceptualMap
from mmmtl.models.decode_heads import MemoryExpertsHead
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Normal, Task

CONFIGS = Path(__file__).parents[1] / 'configs'
RECIPES = all_recipes(CONFIGS)
FILES = [path for path in RECIPES if '::' not in path]


def label_of(task: Task) -> torch.Tensor:
    """(C, 64, 96): ones on the left, zeros on the right, void on top; zeros of depth and normals are void too."""
    label = torch.zeros(task.target_channels, 64, 96, dtype=task.dtype)
    label[..., :48] = 3**-0.5 if isinstance(task, Normal) else 1
    label[:, :8] = task.void
    return label


@pytest.fixture(autouse=True)
def no_earlier_run(monkeypatch) -> None:
    """A weighting that counts epochs asks MMEngine's message hub how long the run is; here there is none."""
    monkeypatch.setattr(MessageHub, '_instance_dict', OrderedDict())


def same_model_before(path: str, seen: dict[str, str] = {}) -> str | None:  # noqa: B006  one dict for all calls
    """The recipe, if any, in which this very model has been built already: data and schedule do not change it."""
    config = load_config(path)
    first = seen.setdefault(f'{config.model}', path)
    return None if first == path else first


@pytest.mark.parametrize('path', RECIPES, ids=recipe_name)
def test_one_step(path: str) -> None:
    if same_model_before(path):
        return
    config = load_config(path)
    for backbone in (config.model.backbone, *(config.model.backbone.get(key, {}) for key in ('backbone', 'vit'))):
        for weights in ('pretrained', 'init_cfg'):
            backbone.pop(weights, None)  # no network here
        if backbone.get('model_name', '').startswith('vgg16'):  # nor that much time
            backbone.update(model_name='test_convnext', out_indices=None)
        if backbone.get('model_name', '').startswith(('vit_base', 'vit_large')):
            backbone.update(model_name='vit_tiny_patch16_384', out_indices=(2, 5, 8, 11))
            if 'image_size' in config.model.decode_head:  # a network for one size
                backbone.update(img_size=(64, 96))
                config.model.backbone.update(size=(64, 96))
                config.model.decode_head.update(image_size=(64, 96), channels=16)
    if config.model.decode_head['type'] is MemoryExpertsHead:  # nor that much time
        config.model.decode_head.update(channels=16)
    for consistency in (config.model.get('consistency_losses') or {}).values():
        for name, teacher in consistency.get('teachers', {}).items():
            teacher.update(model_name='test_vit', out_indices=(1, 2, 4, 5), pretrained=False)
            config.model.backbone.teachers[name] = 64
        if consistency['type'] in (DirectMap, PerceptualMap):  # six whole SegNets
            consistency.update(network=dict(widths=(8, 8)))
    model = MODELS.build(config.model)
    model.init_weights()
    samples = []
    for _ in range(2):
        sample = MultiTaskDataSample(metainfo={'img_shape': (64, 96)})
        sample.gt = PixelData(**{name: label_of(task) for name, task in model.tasks.items()})
        sample.regions = torch.arange(96, dtype=torch.int32).expand(1, 64, -1) // 32
        samples.append(sample)
    if model.consistency_losses:  # the second shows one label, as a crop of the first
        samples[1].gt = PixelData(**dict([next(iter(samples[0].gt.items()))]))
        samples[0].set_metainfo({'supervision_role': 'supervised'})
        samples[1].set_metainfo({'supervision_role': 'consistency', 'window': (8, 8, 48, 72), 'zoom': 4 / 3})
    data = model.data_preprocessor(
        {'inputs': [torch.randint(256, (3, 64, 96), dtype=torch.uint8) for _ in samples], 'data_samples': samples}
    )
    losses = model(**data, mode='loss')
    losses['loss'].backward()
    print(f'{recipe_name(path)}: {sum(p.numel() for p in model.parameters()):,} parameters')
    weights = {f'weight/{name}' for name in model.tasks if model.loss_weighting.is_adaptive}
    intermediate = {
        f'{name}/{task}' for name, stage in model.decode_head.intermediate_stages.items() for task in stage.tasks
    }
    shares = [name for name, loss in model.consistency_losses.items() if loss.gradient_share is not None]
    weights |= {f'{entry}/{name}' for name in shares for entry in ('weight', 'gradient_share')}
    expected = {*model.tasks, *intermediate, *model.consistency_losses, *weights, 'loss'}
    assert torch.isfinite(losses['loss']) and set(losses) == expected
    assert all(losses[name] > 0 for name in model.tasks)
    assert all(p.grad is not None for p in model.decode_head.parameters())
    (first, _) = model.eval()(**data, mode='predict')
    assert {name: value.shape[1:] for name, value in first.pred.items()} == dict.fromkeys(model.tasks, (64, 96))


@pytest.mark.parametrize(
    ('name', 'interpolation'),
    [
        ('pascal_context_sak', 'nearest'),
        ('nyud_40_sak', 'nearest'),
        ('bsds500', 'lines'),
        ('bsds500_fractions', 'lines'),
        ('camvid_bsds500_two_view', 'lines'),
        ('cihp', 'lines'),
    ],
)
def test_published_recipes_resize_edges_by_the_nearest_pixel_and_ours_keep_lines(name: str, interpolation: str) -> None:
    base = Path(__file__).parents[1] / 'configs' / '_base_' / 'datasets' / f'{name}.py'
    assert Config.fromfile(base).tasks.edge.interpolation == interpolation


@pytest.mark.parametrize('path', FILES, ids=recipe_name)
def test_no_epoch_has_a_learning_rate_of_zero(path: str) -> None:
    """MMEngine's polynomial decay reaches its end one epoch early."""
    config = load_config(path)
    schedules = [
        schedule
        for schedule in config.get('param_scheduler') or []
        if schedule.get('by_epoch', True) and not schedule.get('convert_to_iter_based') and 'monitor' not in schedule
    ]
    if not schedules or not config.train_cfg.get('by_epoch', True):
        return
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=config.optim_wrapper.optimizer.lr)
    built = [PARAM_SCHEDULERS.build({**schedule, 'optimizer': optimizer}) for schedule in schedules]
    for epoch in range(config.train_cfg.max_epochs):
        assert optimizer.param_groups[0]['lr'] > 0, epoch
        optimizer.step()
        for schedule in built:
            schedule.step()
