"""Single-task configs: the same recipe, one task, the very images that show it; and nothing of the others."""

import json
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from tool_process import CONFIGS

from mmmtl.apis import load_config
from mmmtl.configuration.departures import followed_protocol
from mmmtl.datasets import ConcatDataset, Record
from mmmtl.errors import ConfigError
from mmmtl.experiments.checkpoint_selection import plain_config
from mmmtl.experiments.single_task import model_options, primary_metric_of, single_task_options
from mmmtl.experiments.single_task_data import write_label_list
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.registry import DATASETS, METRICS, MODELS

MIXED = Path(__file__).parents[2] / 'configs' / 'baseline' / 'aspp_resnet18_b8_10e_camvid_bsds_two_view_partial.py'
TINY = CONFIGS / 'tiny_rooms.py'
RICH = {
    'train_dataloader.dataset.label_setting': dict(type='mmmtl.RandomLabels', seed=3),
    'model.loss_weighting': dict(weights=dict(normal=2.0, depth=0.5)),
    'model.decode_head.overrides': dict(depth=dict(channels=8), semseg=dict(channels=12)),
    'model.consistency_losses': dict(tie=dict(type='mmmtl.Tie')),
    'custom_hooks': [dict(type='mmmtl.ConsistencyRampHook', name='tie', epochs=2), dict(type='mmengine.EMAHook')],
    'default_hooks.checkpoint.save_best': 'semseg/mIoU',
}


@MODELS.register_module(force=True)
class Tie(ConsistencyLoss):
    """A consistency loss of no worth."""

    def forward(self, logits, targets, features, samples):
        return sum(x.sum() for x in logits.values()) * 0


def derived(tmp_path, options) -> tuple[Config, dict[str, Config]]:
    multi = load_config(TINY, options)
    found = single_task_options(multi, tmp_path)
    return multi, {task: load_config(TINY, {**options, **one}) for task, one in found.items()}


def test_one_task_from_the_images_that_show_it(tmp_path, rooms_cache):
    multi, single = derived(tmp_path, RICH)
    assert list(single) == list(multi.tasks)
    whole = DATASETS.build(multi.train_dataloader.dataset)
    for task, config in single.items():
        assert list(config.tasks) == list(config.model.tasks) == [task]
        dataset = DATASETS.build(config.train_dataloader.dataset)
        expected = {record.name for record, names in zip(whole.records, whole.shown, strict=True) if task in names}
        assert {record.name for record in dataset.records} == expected and 0 < len(expected) < len(whole)
        assert set(dataset.shown) == {(task,)} and len(dataset) == len(whole)  # as many steps as before
        sample = dataset[0]['data_samples'][0]
        assert list(sample.gt.keys()) == [task]
        for loader in ('val_dataloader', 'test_dataloader'):
            assert len(DATASETS.build(config[loader].dataset)) == 3


def test_single_task_configs_contain_nothing_of_other_tasks(tmp_path, rooms_cache):
    multi, single = derived(tmp_path, RICH)
    for task, config in single.items():
        model = MODELS.build(config.model)
        assert list(model.decode_head.heads) == [task] and not model.consistency_losses
        expected = dict(normal=2.0, depth=0.5, semseg=1.0)[task]
        assert model.loss_weighting.weights.tolist() == [expected]
        assert model.decode_head.heads[task].classifier.in_channels == dict(depth=8, semseg=12, normal=16)[task]
        assert [hook.type for hook in config.custom_hooks] == ['mmengine.EMAHook']
        checkpoint = config.default_hooks.checkpoint
        assert (
            (checkpoint.save_best, checkpoint.rule)
            == {
                'semseg': ('semseg/mIoU', 'greater'),
                'depth': ('depth/abs_rel', 'less'),
                'normal': ('normal/mean', 'less'),
            }[task]
            == (primary_metric_of(multi, task)[0], 'greater' if primary_metric_of(multi, task)[1] else 'less')
        )
        same = ('optim_wrapper', 'param_scheduler', 'train_cfg', 'randomness')
        assert all(config[key] == multi[key] for key in same)
        assert config.model.backbone == multi.model.backbone
        assert plain_config(config.train_dataloader.dataset.pipeline) == plain_config(
            multi.train_dataloader.dataset.pipeline
        )


def test_an_auxiliary_task_is_predicted_and_scored_alone(tmp_path, rooms_cache):
    head = dict(_delete_=True, type='mmmtl.PADNetHead', channels=8, auxiliary=['depth'])
    options = {'model.decode_head': head, 'val_evaluator.unscored': ['depth'], 'test_evaluator.unscored': ['depth']}
    _, single = derived(tmp_path, options)
    for task, config in single.items():
        assert list(MODELS.build(config.model).decode_head.final) == [task]
        assert all(list(METRICS.build(config[key]).tasks) == [task] for key in ('val_evaluator', 'test_evaluator'))


def test_what_comes_with_a_consistency_loss_goes_with_it(tmp_path, rooms_cache):
    """Second crops, regions and the learning rates of its own parameters; what moves the network's stays."""
    multi = load_config(TINY)
    pipeline = [*plain_config(multi.train_dataloader.dataset.pipeline)[:-1], dict(type='mmmtl.TwoCrops')]
    steps = dict(type='mmmtl.GroupStepLR', by_epoch=True, step_size=2)
    options = {
        'train_dataloader.dataset.pipeline': pipeline,
        'train_dataloader.dataset.regions': 'instances',
        'model.backbone': dict(_delete_=True, type='mmmtl.SegNet', widths=(4, 8)),
        'model.consistency_losses': dict(ours=dict(type='mmmtl.CrossTaskConsistency', space=dict(widths=(4, 8)))),
        'optim_wrapper.constructor': 'mmmtl.NamedGroups',
        'optim_wrapper.paramwise_cfg': dict(film=dict(keys=['film'], lr=1e-2), heads=dict(keys=['decode_head'])),
        'param_scheduler': [
            {**steps, 'groups': ['film']},
            {**steps, 'groups': ['rest', 'film']},
            {**steps, 'groups': ['heads']},
        ],
    }
    multi, single = derived(tmp_path, options)
    samples = DATASETS.build(multi.train_dataloader.dataset)[0]['data_samples']
    assert len(samples) == 2 and 'regions' in samples[0]
    for config in single.values():
        (sample,) = DATASETS.build(config.train_dataloader.dataset)[0]['data_samples']
        assert 'regions' not in sample
        assert len(config.train_dataloader.dataset.pipeline) == len(pipeline)
        wrapper = build_optim_wrapper(MODELS.build(config.model), config.optim_wrapper)
        assert [group['name'] for group in wrapper.optimizer.param_groups] == ['rest', 'heads']
        assert [scheduler.groups for scheduler in config.param_scheduler] == [['rest'], ['heads']]


@pytest.mark.parametrize('name', ['rooms_small.py::onelabel_cross_task', 'table_1.py::onelabel_cross_task'])
def test_the_networks_of_mtpsl_have_single_task_ones(name):
    path = Path(__file__).parents[2] / 'configs' / 'mtpsl' / name
    multi = load_config(path)
    for task in multi.tasks:
        config = load_config(path, model_options(multi, task))
        build_optim_wrapper(MODELS.build(config.model), config.optim_wrapper)


def test_a_weighting_that_moves_goes(tmp_path, rooms_cache):
    @MODELS.register_module(force=True)
    class Moving:
        def __init__(self, tasks): ...

    _, single = derived(tmp_path, {'model.loss_weighting': dict(type='mmmtl.Moving')})
    assert all(config.model.loss_weighting is None for config in single.values())


def test_options_can_be_used_again(tmp_path, rooms_cache):
    """A planned run loads its config several times."""
    found = single_task_options(load_config(TINY, RICH), tmp_path)['depth']
    first, second = (load_config(TINY, {**RICH, **found}) for _ in range(2))
    assert first.to_dict() == second.to_dict() and list(second.tasks) == ['depth']


def test_the_table_is_named_by_its_content(tmp_path, rooms_cache):
    dataset = DATASETS.build(load_config(TINY, RICH).train_dataloader.dataset)
    path = write_label_list(dataset, tmp_path)
    assert path == write_label_list(dataset, tmp_path)
    table = json.loads(path.read_text())['labelled']
    assert {task: len(names) for task, names in table.items()} == {
        task: sum(task in names for names in dataset.shown) for task in dataset.tasks
    }
    dataset.shown[0], dataset.shown[1] = dataset.shown[1], dataset.shown[0]
    assert dataset.shown[0] == dataset.shown[1] or write_label_list(dataset, tmp_path) != path
    dataset.records[3] = Record(dataset.records[2].name, dataset.records[3].views)
    with pytest.raises(ConfigError, match='several records have the same name'):
        write_label_list(dataset, tmp_path)


def test_of_a_mixed_data_set_the_parts_that_know_the_task(tmp_path, data_root):
    multi = load_config(MIXED)
    found = single_task_options(multi, tmp_path)
    ratios = multi.train_dataloader.sampler.ratios
    for task, parts in dict(semseg={'camvid'}, depth={'two_view'}).items():
        config = load_config(MIXED, found[task])
        dataset = DATASETS.build(config.train_dataloader.dataset)
        assert isinstance(dataset, ConcatDataset) and set(dataset.parts) == parts and list(dataset.tasks) == [task]
        assert dict(config.train_dataloader.sampler.ratios) == {name: ratios[name] for name in parts}
        assert set(DATASETS.build(config.test_dataloader.dataset).parts) == parts
        assert set(config.test_evaluator.parts) == parts
        assert config.protocol == multi.protocol and followed_protocol(config)


def test_a_mixed_protocol_requires_all_parts_of_all_tasks():
    with pytest.warns(UserWarning, match='has the parts none, not camvid, bsds500, two_view'):
        load_config(MIXED, {'test_dataloader.dataset.parts': dict(_delete_=True)})
