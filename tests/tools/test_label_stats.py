"""The label statistics as a user asks for them."""

import pytest
import tool_process

CONFIG = """
_rooms = dict(type='mmmtl.SyntheticRooms', scenes=4, num_views=1, size=(32, 40), cache={cache!r},
              label_setting=dict(type='mmmtl.OneLabel'))
tasks = dict(semseg=dict(type='mmmtl.SemSeg', classes=list('abcdefghijklm')), depth=dict(type='mmmtl.Depth'))
train_dataloader = dict(batch_size=2, dataset=dict(**_rooms, split='train', pipeline=[]))
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(CONFIG.format(cache=str(tmp_path / 'cache')))
    return path


def test_what_is_shown(config, tmp_path):
    tool = tool_process.run('analysis_tools/label_stats.py', config, folder=tmp_path / 'all')
    lines = [' '.join(line.split()) for line in tool.stdout.splitlines()]
    assert tool.code == 0 and lines[0] == 'train: SyntheticRooms(train, 4 scenes), 4 records, OneLabel'
    assert 'semseg 2 2 50.0 %' in lines and '2 depth' in lines and any('% of the pixels, in' in line for line in lines)
    counts = tool_process.run('analysis_tools/label_stats.py', config, '--counts-only', folder=tmp_path / 'counts')
    assert tool.stdout.startswith(counts.stdout.rstrip()) and 'pixels' not in counts.stdout


def test_a_wrong_setting_is_one_line(config, tmp_path):
    for options, problem in (
        (['LabelList', 'file=nyuv2_one'], 'is not a published list'),
        (['LabelList', 'file=nyuv2_onelabel'], 'has 795 rows, but the split has 4 images'),
    ):
        kind, argument = options
        tool = tool_process.run(
            'analysis_tools/label_stats.py',
            config,
            '--cfg-options',
            f'train_dataloader.dataset.label_setting.type=mmmtl.{kind}',
            f'train_dataloader.dataset.label_setting.{argument}',
            folder=tmp_path / argument,
        )
        assert problem in tool.error
