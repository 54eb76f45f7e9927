"""tools/train.py and tools/test.py from the command line: --amp, what stops a run, scores and sheets."""

import json

import pytest
import torch
from tool_process import CONFIGS, run

CONFIG = CONFIGS / 'tiny_rooms.py'
NAN = [
    'custom_imports.imports=troublemakers',
    'default_hooks.nan.type=NaNHook',
    'default_hooks.nan.task=depth',
    'default_hooks.runtime_info.type=mmmtl.TrainingLogHook',
    'default_hooks.runtime_info.max_not_finite=2',
]


@pytest.fixture
def train(tmp_path, rooms_cache):
    def start(*arguments):
        return run('train.py', CONFIG, '--work-dir', tmp_path / 'work', *arguments, folder=tmp_path / 'output')

    return start


def test_amp_on_a_cpu_is_bf16_and_tests_well(train, tmp_path):
    done = train('--amp')
    assert done.code == 0, done.stderr
    checkpoint = tmp_path / 'work' / 'epoch_5.pth'
    losses = torch.load(checkpoint, weights_only=True)['message_hub']['log_scalars']['train/loss']['log_history']
    assert len(losses) == 15 and losses[-1] < losses[0]
    done = run(
        'test.py',
        CONFIG,
        checkpoint,
        '--work-dir',
        tmp_path / 'tested',
        '--show-dir',
        tmp_path / 'sheets',
        folder=tmp_path / 'output',
    )
    assert done.code == 0, done.stderr
    (scores,) = json.loads((tmp_path / 'tested' / 'metrics.json').read_text())['scores'].values()
    assert {name.split('/')[0] for name in scores} == {'semseg', 'depth', 'normal'}
    assert json.loads((tmp_path / 'tested' / 'metrics.json').read_text())['seed'] == 0
    assert 'semseg mIoU' in done.stdout and len(list((tmp_path / 'sheets').glob('*.png'))) == 3


def test_fp16_on_a_cpu_is_one_line(train):
    assert 'needs a GPU' in train('--amp', '--cfg-options', 'optim_wrapper.dtype=float16').error


def test_a_run_that_diverges_stops_and_names_task_and_images(train, tmp_path):
    line = train('--cfg-options', *NAN, 'default_hooks.nan.iterations=1,4,5,6').error
    assert 'the loss of depth is not finite on' in line and '_image.png' in line and '2 steps in a row' in line
    log = next((tmp_path / 'work').glob('*/*.log')).read_text()
    assert log.count('step skipped') == 2  # at 1 and at 4; 5 was one too many


def test_a_resume_without_a_checkpoint_starts_from_scratch(train, tmp_path):
    done = train('--resume', '--cfg-options', 'train_cfg.max_epochs=1')
    assert done.code == 0 and 'nothing to resume, starting from scratch' in done.stdout
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()


def test_scores_name_the_seed_that_a_training_has_chosen_and_the_data(train, tmp_path):
    free = ['--cfg-options', 'randomness.seed=None']
    assert train(*free, 'train_cfg.max_epochs=1').code == 0
    checkpoint, tested = tmp_path / 'work' / 'epoch_1.pth', tmp_path / 'tested'
    scores = {}
    for data, options in {'metrics': [], 'validation': ['--validation']}.items():
        arguments = [CONFIG, checkpoint, '--work-dir', tested, *options, *free]
        done = run('test.py', *arguments, folder=tmp_path / 'output')
        assert done.code == 0, done.stderr
        scores[data] = json.loads((tested / f'{data}.json').read_text())
    seed = torch.load(checkpoint, weights_only=True)['meta']['seed']
    assert [content['seed'] for content in scores.values()] == [seed, seed]
    assert [content['data'] for content in scores.values()] == ['test', 'validation']
    assert scores['metrics']['scores'] != scores['validation']['scores']
