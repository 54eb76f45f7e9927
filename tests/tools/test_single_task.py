"""The single-task baselines as a user asks for them: trained once, tested, tabulated, multi-task runs against them."""

import json

import pytest
import tool_process
from tool_process import CONFIGS

CONFIG = """
_rooms = dict(type='mmmtl.SyntheticRooms', num_views=1, size=(32, 40))
_pipeline = [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]
tasks = dict(semseg=dict(type='mmmtl.SemSeg', classes=list('abcdefghijklm')), depth=dict(type='mmmtl.Depth'))
train_dataloader = dict(batch_size=2, num_workers=0, sampler=dict(type='mmmtl.EpochSampler'), dataset=dict(
    **_rooms, split='train', scenes=6, pipeline=_pipeline, label_setting=dict(type='mmmtl.OneLabel')))
val_dataloader = dict(num_workers=0, dataset=dict(**_rooms, split='val', scenes=1, pipeline=_pipeline))
test_dataloader = dict(num_workers=0, dataset=dict(**_rooms, split='test', scenes=2, pipeline=_pipeline))
val_evaluator = test_evaluator = dict(type='mmmtl.MultiTaskMetric')
model = dict(type='mmmtl.MultiTaskModel',
             backbone=dict(type='mmmtl.SegNet', widths=(4, 4)),
             decode_head=dict(type='mmmtl.PerTaskHead', head=dict(type='mmmtl.ConvHead', channels=4)))
optim_wrapper = dict(type='mmmtl.FiniteOptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=1)
val_cfg = test_cfg = dict()
randomness = dict(seed=0)
"""


@pytest.mark.slow
def test_baselines(tmp_path, rooms_cache):
    (tmp_path / 'two.py').write_text(CONFIG)
    arguments = (tmp_path / 'two.py', '--work-dir', tmp_path / 'runs', '--jobs', '2', '--select', '0.3')
    tool = tool_process.run('analysis_tools/single_task.py', *arguments, folder=tmp_path / 'first')
    assert tool.code == 0, tool.stderr
    runs = {task: tmp_path / 'runs' / 'two_single' / task / 'seed_0' for task in ('semseg', 'depth')}
    scores = {}
    for task, run in runs.items():
        content = json.loads((run / 'metrics.json').read_text())
        assert {key.split('/')[0] for key in content['compared']} == {task}
        assert len(list(run.glob('best_*.pth'))) == 1
        scores |= content['scores']['trained network']
    assert tool.stdout.count('| single ') == 2 and f'{scores["depth/abs_rel"]:.4g}' in tool.stdout

    worse = {key: value * 1.5 if key == 'depth/abs_rel' else value for key, value in scores.items()}
    compared = {'semseg/mIoU': True, 'depth/abs_rel': False}
    (tmp_path / 'multi').mkdir()
    (tmp_path / 'multi' / 'metrics.json').write_text(
        json.dumps(
            dict(
                config='two.py', protocol=None, seed=0, recipe='', compared=compared, scores={'trained network': worse}
            )
        )
    )
    again = tool_process.run(
        'analysis_tools/single_task.py',
        *arguments,
        '--against',
        f'half={tmp_path / "multi"}',
        folder=tmp_path / 'again',
    )
    assert again.code == 0 and '2 runs, 2 of them done' in again.stderr
    (row,) = (line for line in again.stdout.splitlines() if line.startswith('| half '))
    assert row.endswith(' -25 |')  # one task of two is worse by a half


def test_a_label_setting_that_leaves_a_task_out_is_one_line(tmp_path, rooms_cache):
    (tmp_path / 'table.json').write_text(json.dumps({'labelled': {'semseg': ['00001/0'], 'depth': [], 'normal': []}}))
    tool = tool_process.run(
        'analysis_tools/single_task.py',
        CONFIGS / 'tiny_rooms.py',
        '--cfg-options',
        'train_dataloader.dataset.label_setting.type=mmmtl.LabelList',
        f'train_dataloader.dataset.label_setting.file={tmp_path / "table.json"}',
        folder=tmp_path / 'run',
    )
    assert 'shows no label of depth, normal, so' in tool.error
