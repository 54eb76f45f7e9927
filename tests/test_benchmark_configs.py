"""NYU and PASCAL configs on miniature official files: one training step, and the number of parameters."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from official_trees import write_nyud_sak, write_nyuv2_mtan, write_pascal

from mmmtl.apis import load_config
from mmmtl.datasets import SampleKey, collate_views
from mmmtl.registry import DATASETS, MODELS

CONFIGS = Path(__file__).parents[1] / 'configs' / 'baseline'
SMALL = (64, 96)  # of what the network gets; the pipeline runs at the size of the protocol
# config -> writer of its files, size of the protocol, tasks, millions of parameters (backbone, heads)
EXPECTED: dict[str, tuple[Callable, tuple[int, int], set[str], tuple[float, float]]] = {
    'conv_segnet_b2_200e_nyuv2_13_full': (write_nyuv2_mtan, (288, 384), {'semseg', 'depth', 'normal'}, (24.9, 0.1)),
    'multitap_vit_b16_b4_40k_nyud_40_full': (
        write_nyud_sak,
        (448, 576),
        {'semseg', 'depth', 'normal', 'edge'},
        (86.1, 23.6),
    ),
    'multitap_vit_l16_b4_40k_nyud_40_full': (
        write_nyud_sak,
        (448, 576),
        {'semseg', 'depth', 'normal', 'edge'},
        (303.7, 42.0),
    ),
    'multitap_vit_b16_b4_40k_pascal_full': (
        write_pascal,
        (512, 512),
        {'semseg', 'human_parts', 'saliency', 'normal', 'edge'},
        (86.1, 29.5),
    ),
    'multitap_vit_l16_b4_40k_pascal_full': (
        write_pascal,
        (512, 512),
        {'semseg', 'human_parts', 'saliency', 'normal', 'edge'},
        (303.7, 52.5),
    ),
}


@pytest.fixture(scope='module')
def roots(tmp_path_factory) -> dict[Callable, Path]:
    return {
        write: write(tmp_path_factory.mktemp(write.__name__))
        for write in (write_nyuv2_mtan, write_nyud_sak, write_pascal)
    }


@pytest.mark.parametrize('name', EXPECTED)
def test_one_step_on_official_files(name, roots, capsys):
    write, size, tasks, millions = EXPECTED[name]
    load_config(CONFIGS / f'{name}.py')  # holds to its protocol, which a partial folder does not
    options = {'protocol': None} | {
        f'{split}_dataloader.dataset.{key}': value
        for split in ('train', 'val', 'test')
        for key, value in (('root', str(roots[write])), ('partial', True))
    }
    config = load_config(CONFIGS / f'{name}.py', options)
    assert set(config.tasks) == tasks
    config.model.backbone.pop('pretrained', None)
    with torch.device('meta'):
        whole = MODELS.build(config.model)
    counts = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (whole.backbone, whole.decode_head)]
    with capsys.disabled():
        print(f'\n{name}: {sum(counts):.1f} M parameters, {counts[0]:.1f} M of them in the backbone')
    assert tuple(round(count, 1) for count in counts) == millions

    if 'model_name' in config.model.backbone:  # the same path through a transformer that a test can afford
        config.model.backbone.update(model_name='vit_tiny_patch16_384', out_indices=(2, 5, 8, 11))
    model = MODELS.build(config.model)
    train, val = (DATASETS.build(config[f'{split}_dataloader'].dataset) for split in ('train', 'val'))
    for dataset in (train, val):
        packed = [dataset[SampleKey(0, 0, number)] for number in range(2)]
        assert all(one['inputs'][0].shape[1:] == size for one in packed)
    data = model.data_preprocessor(cut(collate_views(packed)))
    losses = model(**data, mode='loss')
    losses['loss'].backward()
    assert all(losses[task].isfinite() and losses[task] > 0 for task in tasks)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def cut(batch: dict) -> dict:
    """The middle of every image and label."""
    height, width = batch['inputs'][0].shape[1:]
    top, left = (height - SMALL[0]) // 2, (width - SMALL[1]) // 2

    def middle(values: torch.Tensor) -> torch.Tensor:
        return values[:, top : top + SMALL[0], left : left + SMALL[1]]

    for sample in batch['data_samples']:
        gt = type(sample.gt)(**{name: middle(value) for name, value in sample.gt.items()})
        sample.gt = gt
        sample.set_metainfo({'img_shape': SMALL})
    return batch | {'inputs': [middle(image) for image in batch['inputs']]}
