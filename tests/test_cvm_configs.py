"""CvM's configs on a few scenes: mixed batches of pairs and single views, one step, and both evaluations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from official_trees import write_nyud_sak
from PIL import Image

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.configuration.recipes import expand_recipes, recipe_name
from mmmtl.registry import MODELS

CONFIGS = Path(__file__).parents[1] / 'configs'
SMALL = CONFIGS / 'cvm' / 'cvm_resnet18_b12_900i_rooms_small_pairs_full.py'
VIDEO = CONFIGS / 'cvm' / 'dinov3_vit_l16.py::nyud_40_video_cvm'


RECIPES = [
    path
    for path in expand_recipes([*sorted((CONFIGS / 'cvm').glob('*.py')), CONFIGS / 'decoders' / 'rooms_pairs.py'])
    if Path(path).name.startswith('cvm_') or path.endswith('_cvm')
]
ABLATIONS = [
    path for path in expand_recipes([CONFIGS / 'cvm' / 'ablation.py']) if not path.endswith(('baseline', 'full'))
]


def compared(path: str | Path) -> Path:
    """The recipe that a CvM recipe is compared with."""
    path = Path(path)
    if '::' in path.name:
        return path.with_name(path.name.replace('_cvm', '_baseline'))
    head = {'resnet18': 'aspp', 'lite0': 'fpn', 'vit': 'multitap'}[path.name.split('_')[1]]
    return CONFIGS / 'baseline' / path.name.replace('cvm_', f'{head}_', 1)


@pytest.mark.parametrize('path', RECIPES, ids=recipe_name)
def test_what_it_is_compared_with_differs_by_the_module_alone(path):
    ours, theirs = load_config(path).to_dict(), load_config(compared(path)).to_dict()
    assert ours['model'].pop('neck') is not None and 'neck' not in theirs['model']
    assert set(ours['model'].pop('consistency_losses', {})) <= {'matching'}
    ours['optim_wrapper'].pop('paramwise_cfg', None)
    for config in (ours, theirs):
        config.pop('filename', None)
    assert ours == theirs and ours['protocol'] is not None
    assert ours['train_dataloader']['sampler']['endless']  # counts iterations: its one epoch has no end


@pytest.mark.parametrize('path', ABLATIONS, ids=recipe_name)
def test_ablations_differ_from_the_whole_by_the_module_alone(path):
    ours, whole = load_config(path).to_dict(), load_config(SMALL).to_dict()
    parts = [[config['model'].pop(part, None) for part in ('neck', 'consistency_losses')] for config in (ours, whole)]
    assert parts[0] != parts[1]
    assert ours == whole


@pytest.mark.parametrize('path', ['pretrained.py::rooms', 'pretrained.py::photographs'])
def test_rows_from_a_pretrained_encoder_differ_by_the_module_alone(path):
    ours, theirs = (load_config(CONFIGS / 'cvm' / f'{path}_{row}').to_dict() for row in ('cvm', 'baseline'))
    assert ours['model'].pop('neck') and ours['model'].pop('consistency_losses')
    assert ours['optim_wrapper'].pop('paramwise_cfg') and ours['model']['backbone']['pretrained']
    for config in (ours, theirs):
        config.pop('filename', None)
    assert ours == theirs


def test_photographs_only_choose_and_test_a_network_that_learns_from_rooms():
    config = load_config(CONFIGS / 'cvm' / 'cvm_lite0_b8_700i_rooms_to_two_view_pairs_full.py')
    learnt, chosen, tested = (
        getattr(config, f'{split}_dataloader').dataset.parts for split in ('train', 'val', 'test')
    )
    assert {part.type.__name__ for part in learnt.values()} == {'SyntheticRooms'}
    for parts, split in ((chosen, 'train'), (tested, 'val')):
        assert {(part.type.__name__, part.split) for part in parts.values()} == {('PosedViews', split)}
        assert {part.val_scenes for part in parts.values()} == {('rgbd_0005?', 'sun3d_0003?')}
    assert config.default_hooks.checkpoint.save_best == 'two_views/depth/abs_rel'
    assert load_config(CONFIGS / 'cvm' / 'rooms_to_two_view.py::no_poses').model.neck.cost_volume is None


def few_rooms(train: int = 6, test: int = 2) -> dict:
    options = {f'{split}_dataloader.num_workers': 0 for split in ('train', 'val', 'test')}
    for split, parts, count in (
        ('train', ('pairs', 'singles'), train),
        ('val', ('two_views', 'one_view'), test),
        ('test', ('two_views', 'one_view'), test),
    ):
        options |= {f'{split}_dataloader.dataset.parts.{part}.scenes': count for part in parts}
    return options | {'protocol': None}


@pytest.mark.slow
def test_trains_and_is_evaluated_with_two_views_and_with_one(rooms_cache, tmp_path):
    options = few_rooms() | {'train_cfg.max_iters': 2, 'train_cfg.val_interval': 2, 'param_scheduler': None}
    config = load_config(SMALL, options)
    config.work_dir, config.experiment_name = str(tmp_path), 'cvm in small'
    runner = MultiTaskRunner.from_cfg(config)
    batch = next(iter(runner.build_dataloader(config.train_dataloader, seed=0)))
    assert sorted(sample.num_views for sample in batch['data_samples']) == [1] * 6 + [2] * 6  # half and half
    runner.train()
    scores = runner.test()
    for measure in ('semseg/mIoU', 'depth/abs_rel', 'normal/mean'):
        assert f'two_views/{measure}' in scores and f'one_view/{measure}' in scores
    assert {
        'two_views/cross_view/depth_abs_rel',
        'two_views/cross_view/semseg_agreement',
        'two_views/cross_view/normal_angle',
        'two_views/cross_view/visible',
    } <= set(scores)
    assert scores['two_views/depth/abs_rel'] != scores['one_view/depth/abs_rel']  # the other view was looked at


def test_a_network_without_the_module_cannot_see_the_other_view(rooms_cache, tmp_path):
    config = load_config(compared(SMALL), few_rooms())
    config.work_dir, config.experiment_name = str(tmp_path), 'no cvm in small'
    scores = MultiTaskRunner.from_cfg(config).test()
    assert scores['two_views/depth/abs_rel'] == pytest.approx(scores['one_view/depth/abs_rel'], rel=1e-4)


def test_invpt_takes_a_step_with_the_module(rooms_cache):
    config = load_config(CONFIGS / 'decoders' / 'rooms_pairs.py::invpt_cvm', few_rooms())
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    data = model.data_preprocessor(next(iter(loader)), training=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = model(**data, mode='loss')
    assert {'intermediate/depth', 'matching'} < set(losses)
    losses['loss'].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert all(any(p.grad.any() for p in part.parameters()) for part in (model.neck, model.decode_head))
    optimizer.step()
    assert model(**data, mode='loss')['loss'] < losses['loss']


def test_real_pairs(data_root):
    config = load_config(
        CONFIGS / 'cvm' / 'cvm_resnet18_b8_540i_two_view_pairs_full.py', {'train_dataloader.num_workers': 0}
    )
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    model = MODELS.build(config.model)
    model.init_weights()
    batch = next(iter(loader))
    assert sorted(sample.num_views for sample in batch['data_samples']) == [1] * 4 + [2] * 4
    losses = model(**model.data_preprocessor(batch), mode='loss')
    losses['loss'].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.neck.parameters())


def write_video(root: Path) -> Path:
    """One posed pair of 480 x 640."""
    folder = root / 'hall_00000'
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for view in range(2):
        Image.fromarray(rng.integers(0, 256, (480, 640, 3)).astype(np.uint8)).save(folder / f'{view}.jpg')
        Image.fromarray(rng.integers(1000, 4000, (480, 640)).astype(np.uint16)).save(folder / f'{view}.png')
    (folder / 'cam.txt').write_text('519 0 326\n0 519 254\n0 0 1\n')
    (folder / 'poses.txt').write_text('1 0 0 0 0 1 0 0 0 0 1 0\n1 0 0 -0.1 0 1 0 0 0 0 1 0\n')
    return root


def test_labelled_images_and_video_with_depth_only(tmp_path):
    nyud = str(write_nyud_sak(tmp_path / 'nyud', count=3))
    options = {
        'protocol': None,
        'train_dataloader.num_workers': 0,
        'train_dataloader.dataset.parts.labelled.root': nyud,
        'train_dataloader.dataset.parts.labelled.partial': True,
        'train_dataloader.dataset.parts.video.root': str(write_video(tmp_path / 'video')),
    }
    assert load_config(VIDEO).train_dataloader.dataset.parts.video.pipeline[5]['size'] == (448, 576)
    options |= {
        f'train_dataloader.dataset.parts.{part}.pipeline.{step}.size': (64, 96)  # which a test can afford
        for part in ('labelled', 'video')
        for step in (2, 5)
    }
    config = load_config(VIDEO, options)
    batch = next(iter(MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)))
    labels = {sample.dataset: set(sample.gt.keys()) for sample in batch['data_samples']}
    assert labels['video'] == {'depth'} and labels['labelled'] == {'semseg', 'depth', 'normal', 'edge'}
    assert sorted(sample.num_views for sample in batch['data_samples']) == [1, 1, 2, 2]
    assert {image.shape[1:] for image in batch['inputs']} == {(64, 96)}
    config.model.backbone.pop('pretrained')
    config.model.backbone.update(model_name='vit_tiny_patch16_384', out_indices=(2, 5, 8, 11))
    model = MODELS.build(config.model)
    losses = model(**model.data_preprocessor(batch), mode='loss')
    losses['loss'].backward()
    assert losses['loss'].isfinite() and all(p.grad.isfinite().all() for p in model.neck.parameters())
