"""What is shown is counted, what is hidden is not opened; and a task that nothing shows is an error before training."""

import json

import pytest
from mmengine.config import Config
from tiny_run import tiny_run

from mmmtl.dataset_report.label_stats import label_stats
from mmmtl.datasets.shown_tasks import check_every_task_is_shown
from mmmtl.errors import ConfigError, DataError
from mmmtl.registry import DATASETS
from mmmtl.synthetic_rooms import SyntheticRooms

TASKS = dict(
    semseg=dict(type='mmmtl.SemSeg', classes=SyntheticRooms.CLASSES),
    depth=dict(type='mmmtl.Depth'),
    normal=dict(type='mmmtl.Normal'),
)


@pytest.fixture
def config(tmp_path) -> Config:
    (tmp_path / 'table.json').write_text(
        json.dumps({'tasks': ['semseg', 'depth', 'normal'], 'labelled': ['110', '100', '000', '110']})
    )
    return Config(
        dict(
            train_dataloader=dict(
                dataset=dict(
                    type='mmmtl.SyntheticRooms',
                    split='train',
                    scenes=2,
                    num_views=2,
                    size=(32, 40),
                    pipeline=[],
                    tasks=TASKS,
                    cache=str(tmp_path),
                    label_setting=dict(type='mmmtl.LabelList', file=str(tmp_path / 'table.json')),
                )
            )
        )
    )


def test_counts_and_pixels(config):
    (text,) = label_stats(config)
    lines = [' '.join(line.split()) for line in text.splitlines()]
    assert lines[0] == 'train: SyntheticRooms(train, 2 scenes), 4 records, LabelList'
    for expected in (
        'semseg 3 1 75.0 %',
        'depth 2 2 50.0 %',
        'normal 0 4 0.0 %',
        '2 semseg + depth',
        '1 semseg',
        '1 nothing',
        'semseg 3 100.0 %',
        'semseg 3 2',
        'depth 2 2',
    ):
        assert expected in lines, expected
    dataset = DATASETS.build(config.train_dataloader.dataset)
    floor = sum(
        (dataset.records[place].views[0].labels['semseg'].load(dataset.tasks['semseg']) == 4).sum()
        for place in (0, 1, 3)
    )
    (line,) = (line for line in lines if line.startswith(SyntheticRooms.CLASSES[4] + ' '))
    assert line.startswith(f'{SyntheticRooms.CLASSES[4]} {100 * floor / (3 * 32 * 40):.3f} % of the pixels, in ')


def test_hidden_labels_are_not_opened_and_shown_ones_are(config):
    dataset = DATASETS.build(config.train_dataloader.dataset)
    for record, shown in zip(dataset.records, dataset.shown, strict=True):
        for name, source in record.views[0].labels.items():
            if name not in shown:
                source.path.unlink()
        record.views[0].image.unlink()
    before = list(label_stats(config, workers=1))
    assert before == list(label_stats(config))
    dataset.records[0].views[0].labels['depth'].path.unlink()
    list(label_stats(config, open_files=False))
    with pytest.raises(DataError, match='no such file'):
        list(label_stats(config))


def test_a_task_that_nothing_shows(config):
    dataset = DATASETS.build(config.train_dataloader.dataset)
    with pytest.raises(ConfigError, match='shows no label of normal'):
        check_every_task_is_shown(dataset)
    with pytest.raises(ConfigError, match='shows no label of saliency'):
        options = config.train_dataloader.dataset | dict(label_setting=None)
        check_every_task_is_shown(
            DATASETS.build(options | dict(tasks={**TASKS, 'saliency': dict(type='mmmtl.Saliency')}))
        )
    check_every_task_is_shown(DATASETS.build(config.train_dataloader.dataset | dict(label_setting=None)))


def test_training_does_not_start_without_a_label_for_every_task(tmp_path, rooms_cache):
    (tmp_path / 'table.json').write_text(json.dumps({'labelled': {'semseg': ['00001/0'], 'depth': [], 'normal': []}}))
    runner = tiny_run(
        tmp_path,
        train_dataloader__dataset__label_setting=dict(type='mmmtl.LabelList', file=str(tmp_path / 'table.json')),
    )
    with pytest.raises(ConfigError, match='shows no label of depth, normal'):
        runner.train()
