"""Driving configs on miniature official files: records, pipeline, collation and one training step."""

from pathlib import Path

import pytest
import torch
from miniature_driving import DATE, DRIVE, write_cityscapes, write_cityscapes_mtan, write_kitti

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.registry import MODELS

CONFIGS = Path(__file__).parents[1] / 'configs' / 'baseline'
SIZE = 64, 128


def step(path: Path, capsys: pytest.CaptureFixture, **options: object) -> dict[str, torch.Tensor]:
    """One batch through the loader and the model."""
    config = load_config(
        path,
        {
            'train_dataloader.num_workers': 0,
            'train_dataloader.batch_size': 2,
            'train_dataloader.dataset.partial': True,
            'protocol': None,
            **{f'train_dataloader.dataset.{key}': value for key, value in options.items()},
        },
    )
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    model = MODELS.build(config.model)
    model.init_weights()
    losses = model(**model.data_preprocessor(next(iter(loader))), mode='loss')
    losses['loss'].backward()
    assert all(parameter.grad is not None for parameter in model.decode_head.parameters())
    with capsys.disabled():
        print(f' {path.stem}: {sum(parameter.numel() for parameter in model.parameters()):,} parameters')
    return losses


def test_cityscapes_7(tmp_path, capsys):
    root = write_cityscapes_mtan(tmp_path, images=3, size=SIZE)
    losses = step(CONFIGS / 'conv_segnet_b8_200e_cityscapes_7_full.py', capsys, root=str(root))
    assert losses['semseg'] > 0.5 and torch.isfinite(losses['loss'])


def test_cityscapes_19(tmp_path, capsys):
    losses = step(
        CONFIGS / 'aspp_resnet18_b8_80k_cityscapes_19_full.py',
        capsys,
        root=str(write_cityscapes(tmp_path, images=2, size=SIZE)),
        **{'pipeline.2.size': SIZE, 'pipeline.3.size': SIZE},
    )
    assert losses['depth'] > 0 and torch.isfinite(losses['loss'])


def test_kitti(tmp_path, capsys):
    frames = tmp_path / 'frames.txt'
    frames.write_text(f'{DATE}/{DRIVE} 5 l\n{DATE}/{DRIVE} 6 r\n')
    losses = step(
        CONFIGS / 'aspp_resnet18_b8_25e_kitti_eigen_full.py',
        capsys,
        root=str(write_kitti(tmp_path / 'kitti', SIZE)),
        frames=str(frames),
    )
    assert losses['depth'] > 1 and torch.isfinite(losses['loss'])


@pytest.mark.parametrize('batch_size', [8, 4])
def test_the_sampler_of_shares_is_given_the_batch_size(data_root, batch_size):
    config = load_config(
        CONFIGS / 'aspp_resnet18_b8_10e_camvid_bsds_two_view_partial.py',
        {'train_dataloader.batch_size': batch_size, 'train_dataloader.num_workers': 0},
    )
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    parts = loader.dataset.indices
    batch = next(iter(loader.batch_sampler))
    counts = {name: sum(key.index in indices for key in batch) for name, indices in parts.items()}
    expected = {8: dict(camvid=3, bsds500=3, two_view=2), 4: dict(camvid=2, bsds500=1, two_view=1)}
    assert counts == expected[batch_size]
