"""What a resumed run has to share with the interrupted one, and the messages if it does not."""

from types import SimpleNamespace

import pytest
from tool_process import CONFIGS
from torch.utils.data import DataLoader

from mmmtl.apis import load_config
from mmmtl.checkpoints.resume_check import check_same_run, selection_change, training_data_summary
from mmmtl.configuration.recipe_digest import flatten_recipe
from mmmtl.datasets import collate_views
from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.registry import DATASETS

pytestmark = pytest.mark.usefixtures('rooms_cache')


def recipe(processes: int = 1, **options) -> dict:
    """What a run of the tiny config would write down."""
    config = load_config(CONFIGS / 'tiny_rooms.py', {key.replace('__', '.'): value for key, value in options.items()})
    loader = DataLoader(
        DATASETS.build(config.train_dataloader.dataset), config.train_dataloader.batch_size, collate_fn=collate_views
    )
    counts = config.optim_wrapper.get('accumulative_counts', 1)
    return {'recipe_entries': flatten_recipe(config), 'learnt_from': training_data_summary(loader, processes, counts)}


def refusal(before: dict, now: dict, despite=()) -> str:
    with pytest.raises(CheckpointError) as caught:
        check_same_run(before, now, despite, 'epoch_2.pth')
    assert '\n' not in str(caught.value)
    return str(caught.value)


SETTING = 'train_dataloader__dataset__label_setting'


@pytest.mark.parametrize(
    ('change', 'aspect', 'said'),
    [
        (
            dict(train_dataloader__batch_size=2),
            'batch',
            'train_dataloader.batch_size was 4 on 1 process, is 2 on 1 process',
        ),
        (dict(processes=2), 'batch', 'train_dataloader.batch_size was 4 on 1 process, is 4 on 2 processes'),
        (dict(optim_wrapper__accumulative_counts=3), 'batch', 'optim_wrapper.accumulative_counts was 1, is 3'),
        (
            dict(train_dataloader__dataset__scenes=7),
            'images',
            'train_dataloader.dataset.scenes was 10, is 7 (10 images, now 7)',
        ),
        (
            dict(train_dataloader__dataset__held_out=dict(type='mmmtl.HoldOutSplit', fraction=0.2)),
            'images',
            'train_dataloader.dataset.held_out.type was not set, is mmmtl.HoldOutSplit, '
            'train_dataloader.dataset.held_out.fraction was not set, is 0.2 (10 images, now 8)',
        ),
        (
            {SETTING: dict(type='mmmtl.OneLabel')},
            'labels',
            'train_dataloader.dataset.label_setting.type was not set, is mmmtl.OneLabel (labels of 10 depth, '
            '10 normal, 10 semseg, now of ',
        ),
    ],
)
def test_refused_changes_name_the_entry_and_the_option_to_confirm(change, aspect, said):
    before, now = recipe(), recipe(**change)
    line = refusal(before, now)
    assert line.startswith(f'epoch_2.pth: written by a run with different {aspect}: {said}')
    assert line.endswith(f'allow the change: --cfg-options resume_despite={aspect}')
    for despite in (aspect, [aspect], 'batch images labels'.split()):
        changes = check_same_run(before, now, despite, 'epoch_2.pth')
        assert said in changes[f'resume_despite={aspect}']
    others = {'batch', 'images', 'labels'} - {aspect}
    assert refusal(before, now, others) == line


def test_another_draw_of_labels_and_several_at_once():
    before = recipe(**{SETTING: dict(type='mmmtl.OneLabel', seed=0)})
    now = recipe(**{SETTING: dict(type='mmmtl.OneLabel', seed=1)}, train_dataloader__batch_size=2)
    line = refusal(before, now)
    assert 'different batch and labels' in line and line.endswith('resume_despite=batch,labels')
    assert 'label_setting.seed was 0, is 1 (labels of ' in line and 'but on different images)' in line
    assert refusal(before, now, 'batch').endswith('resume_despite=labels')


@pytest.mark.parametrize(
    'change',
    [
        dict(train_cfg__max_epochs=9),
        dict(train_dataloader__num_workers=2),
        dict(optim_wrapper__optimizer__lr=0.5),
        dict(processes=2, train_dataloader__batch_size=2),
        dict(processes=4, train_dataloader__batch_size=1),
        dict(train_dataloader__dataset__pipeline=[dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]),
    ],
)
def test_what_may_change_is_listed(change):
    changes = check_same_run(recipe(), recipe(**change), (), 'epoch_2.pth')
    silent = {'train_dataloader__num_workers', 'processes'}
    for key, value in change.items():
        entry = key.replace('__', '.')
        found = [text for name, text in changes.items() if name.startswith(entry)]
        assert not found if key in silent else found
        assert isinstance(value, list) or key in silent or found[0].endswith(f'is {value}')
    assert check_same_run(recipe(), recipe(), (), 'epoch_2.pth') == {}


def test_files_that_have_changed_under_the_same_config():
    """A list of names, or a table of labels, that has been edited."""
    before = recipe()
    for fact, aspect in (('image_names', 'images'), ('shown_labels', 'labels')):
        now = {**before, 'learnt_from': {**before['learnt_from'], fact: 'other'}}
        line = refusal(before, now)
        assert f'different {aspect}: train_dataloader.dataset has the same config, but its files have changed' in line


def test_an_option_that_changes_the_labels_is_named():
    before = recipe()
    now = recipe(train_dataloader__dataset__variety='realistic')
    now['learnt_from'] = {**before['learnt_from'], 'shown_labels': 'fewer'}
    line = refusal(before, now)
    assert 'different labels: train_dataloader.dataset.variety' in line and 'its files have changed' not in line


def test_another_place_of_the_same_images_is_no_change(tmp_path):
    def loader(folder) -> DataLoader:
        records = [
            SimpleNamespace(name=f'{number}', views=[SimpleNamespace(image=folder / f'{number}.jpg')])
            for number in range(3)
        ]

        class Images(list):
            shown = [('depth',)] * 3

        dataset = Images(records)
        dataset.records = records
        return DataLoader(dataset, 2)

    assert training_data_summary(loader(tmp_path / 'a'), 1, 1) == training_data_summary(loader(tmp_path / 'b'), 1, 1)


def test_another_optimizer_cannot_take_over_the_state():
    line = refusal(recipe(), recipe(optim_wrapper__optimizer__type='SGD'), ('batch', 'images', 'labels'))
    assert 'optim_wrapper.optimizer.type was torch.optim.AdamW, is SGD' in line and 'load_from=FILE' in line


def test_some_changes_cannot_be_confirmed():
    with pytest.raises(ConfigError, match='resume_despite: expected one or more of batch, images, labels, found seed'):
        check_same_run(recipe(), recipe(), 'seed', 'epoch_2.pth')


def test_what_the_best_checkpoint_is_chosen_by():
    def first(**options) -> str | None:
        return selection_change(check_same_run(recipe(), recipe(**options), (), 'epoch_2.pth'))

    assert first(default_hooks__checkpoint__save_best='depth/rmse', default_hooks__checkpoint__rule='less').startswith(
        'default_hooks.checkpoint.save_best was'
    )
    assert first(val_dataloader__dataset__scenes=2) == 'val_dataloader.dataset.scenes was 3, is 2'
    assert first(train_cfg__max_epochs=9, val_dataloader__batch_size=1) is None
