"""Choosing on a slice of the training set: validation sees it, training does not, the test set has no say."""

from pathlib import Path

import pytest
from tool_process import CONFIGS

from mmmtl.apis import load_config
from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.experiments.checkpoint_selection import reported_checkpoint, selection_options
from mmmtl.registry import DATASETS

TINY = CONFIGS / 'tiny_rooms.py'
MIXED = Path(__file__).parents[2] / 'configs' / 'baseline' / 'aspp_resnet18_b8_10e_camvid_bsds_two_view_partial.py'


@pytest.mark.parametrize('without_label', ['keep', 'replace'])
def test_the_slice_is_validated_on_and_not_learnt_from(rooms_cache, without_label):
    own = {
        'train_dataloader.dataset.label_setting': dict(type='mmmtl.OneLabel', seed=1),
        'train_dataloader.dataset.without_label': without_label,
    }
    before = load_config(TINY, own)
    config = load_config(TINY, own | selection_options(before, 0.3, 'depth/abs_rel', False))
    train, val, test = (DATASETS.build(config[f'{name}_dataloader'].dataset) for name in ('train', 'val', 'test'))
    whole = DATASETS.build(before.train_dataloader.dataset)
    names = [[record.name for record in dataset.records] for dataset in (train, val, whole)]
    assert not set(names[0]) & set(names[1]) and set(names[0]) | set(names[1]) == set(names[2])
    assert len(names[1]) == len(set(names[1])) == 3
    assert val.shown == [dict(zip(names[2], whole.shown, strict=True))[name] for name in names[1]]
    assert len(val.pipeline.transforms) == 3 and len(train.pipeline.transforms) == 5
    assert test.split == 'test' and config.test_dataloader == before.test_dataloader
    checkpoint = config.default_hooks.checkpoint
    assert (checkpoint.save_best, checkpoint.rule) == ('depth/abs_rel', 'less')


def test_what_cannot_be_cut():
    with pytest.raises(ConfigError, match='ConcatDataset is held out part by part'):
        selection_options(load_config(MIXED), 0.1, 'semseg/mIoU', True)
    config = load_config(TINY, {'val_dataloader': None, 'val_cfg': None, 'val_evaluator': None})
    with pytest.raises(ConfigError, match='val_dataloader'):
        selection_options(config, 0.1, 'semseg/mIoU', True)


def test_the_checkpoint_that_is_reported(tmp_path):
    last, best = load_config(TINY), load_config(TINY, {'default_hooks.checkpoint.save_best': 'depth/abs_rel'})
    with pytest.raises(CheckpointError, match='has no checkpoint; train first'):
        reported_checkpoint(last, tmp_path)
    for name in ('epoch_2', 'epoch_10', 'best_semseg_mIoU_epoch_10', 'best_depth_abs_rel_epoch_2'):
        (tmp_path / f'{name}.pth').touch()
    assert reported_checkpoint(last, tmp_path).name == 'epoch_10.pth'
    assert reported_checkpoint(best, tmp_path).name == 'best_depth_abs_rel_epoch_2.pth'
    (tmp_path / 'best_depth_abs_rel_epoch_2.pth').unlink()
    with pytest.raises(CheckpointError, match='has no best checkpoint by depth/abs_rel'):
        reported_checkpoint(best, tmp_path)
