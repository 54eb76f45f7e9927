"""From pseudo labels to a joint training, by the tools and in miniature: what Pseudo-MTL does on small stereo rooms."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from miniature_driving import write_cityscapes
from mmengine.registry import DefaultScope
from mmseg.apis import init_model as mmseg_init_model
from PIL import Image
from tool_process import ROOT, Tool, run

from mmmtl.apis import init_model
from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.datasets import CityscapesMTAN

CONFIGS = ROOT / 'configs' / 'pseudo_mtl'
FULL = CONFIGS / 'rooms_small.py::full'
CCNN = CONFIGS / 'confidence_ccnn_b4_600i_rooms_full.py'
SCENES = 3
FEW = ['train_dataloader.dataset.scenes=3', 'val_dataloader.dataset.scenes=1', 'train_dataloader.batch_size=2']
SHORT = [
    *FEW,
    'train_cfg.max_iters=2',
    'train_cfg.val_interval=2',
    'default_hooks.checkpoint.interval=2',
    'model.backbone.widths=[4,8]',
    'model.backbone.depths=[1,1]',
]
MATCHER = ['--disparities', '32', '--block', '3']


@pytest.fixture
def tool(tmp_path, rooms_cache, monkeypatch):
    """Runs a tool with a cache of pseudo labels of its own and the rooms of all tests."""
    for name in ('rooms-v1-64x80-1views-stereo', 'rooms-v1-128x160-1views-stereo'):
        (rooms_cache / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / 'cache').mkdir(exist_ok=True)
        (tmp_path / 'cache' / name).symlink_to(rooms_cache / name)
    monkeypatch.setenv('MMMTL_CACHE', str(tmp_path / 'cache'))

    def start(name: str, *arguments: str | Path) -> Tool:
        return run(name, *arguments, folder=tmp_path / 'output')

    return start


def disparity(tool, *arguments: str | Path) -> Tool:
    return tool('generate_pseudo_disparity.py', *(arguments or (FULL,)), *MATCHER, '--cfg-options', *FEW)


def test_pseudo_disparity_is_written_once_and_to_where_it_is_looked_for(tool, tmp_path):
    done = disparity(tool)
    assert done.code == 0, done.stderr
    folder = tmp_path / 'cache' / 'pseudo' / 'rooms-small-stereo' / 'train'
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*.png'))
    assert len(names) == 4 * SCENES and names[0] == '00000/0/0_confidence.png'
    assert f'{SCENES} pairs, ' in done.stdout
    assert json.loads((folder / 'manifest_disparity.json').read_text())['block'] == 3
    first, second = (folder / name for name in names[1::4][:2])
    stamp, content = first.stat().st_mtime_ns, second.read_bytes()
    second.write_bytes(content[: len(content) // 2])  # as if the tool had been killed
    assert disparity(tool).code == 0
    assert first.stat().st_mtime_ns == stamp and second.read_bytes() == content
    other = tool('generate_pseudo_disparity.py', FULL, '--disparities', '48', '--cfg-options', *FEW)
    assert 'manifest_disparity.json: written with different settings (disparities, block)' in other.error
    large = tool('generate_pseudo_disparity.py', FULL, '--disparities', '272', '--cfg-options', *FEW)
    assert 'must be at most 256, the limit of the 16-bit disparity files, found 272' in large.error
    assert 'has no LoadPseudoLabels that names a folder' in disparity(tool, FULL, '--split', 'val').error


def test_disparities_of_another_matcher(tool, tmp_path):
    given = tmp_path / 'given'
    given.mkdir()
    for scene in range(SCENES):
        for side in (0, 1):
            values = np.full((64, 80), 256 * (3 + scene + 6 * side), np.uint16)
            Image.fromarray(values).save(given / f'{scene}_{side}.png')
    options = [FULL, '--backend', 'folder', '--source', given, '--scale', str(1 / 256)]
    assert 'needs --source and --patterns' in disparity(tool, *options).error
    missing = disparity(tool, *options, '--patterns', '{record}_l.png', '{record}_r.png').error
    assert '00000/0_l.png: no such file' in missing
    (given / '0000').mkdir()
    for scene in range(SCENES):
        (given / f'0000{scene}').mkdir(exist_ok=True)
        for side in (0, 1):
            (given / f'{scene}_{side}.png').rename(given / f'0000{scene}' / f'0_{side}.png')
    done = disparity(tool, *options, '--patterns', '{record}_0.png', '{record}_1.png', '--out', tmp_path / 'out')
    assert done.code == 0, done.stderr
    for side, pixels in ((0, 5), (1, 11)):
        found = np.array(Image.open(tmp_path / 'out' / f'00002/0/{side}_disparity.png'))
        assert (found == 256 * pixels).all()


def test_the_chain_pretrains_merges_and_trains(tool, tmp_path):
    assert disparity(tool).code == 0
    arguments = [
        'train_chain.py',
        FULL,
        '--pretrain',
        f'depth={CONFIGS}/pretrain.py::rooms_small_depth',
        f'semseg={CONFIGS}/pretrain.py::rooms_small_classes',
        '--work-dir',
        tmp_path / 'chain',
        '--cfg-options',
        *SHORT,
    ]
    done = tool(*arguments)
    assert done.code == 0, done.stderr
    depth, classes, merged = (
        torch.load(tmp_path / 'chain' / name, weights_only=True)['state_dict']
        for name in ('pretrain_depth/iter_2.pth', 'pretrain_semseg/iter_2.pth', 'merged.pth')
    )
    for key, value in merged.items():
        source = classes if 'semseg' in key.split('.') else depth
        assert torch.equal(value, source[key]), key
    assert any('semseg' in key for key in merged)
    joint = tmp_path / 'chain' / 'joint' / 'iter_2.pth'
    log = torch.load(joint, weights_only=True)['message_hub']['log_scalars']
    for name in ('regression', 'classes', 'depths', 'loss'):
        values = log[f'train/{name}']['log_history']
        assert len(values) == 2 and all(np.isfinite(value) and value > 0 for value in values)
    assert not any(log['train/depth']['log_history']), 'the true depth is hidden'
    stamp = joint.stat().st_mtime_ns
    joint.unlink()
    again = tool(*arguments)
    assert again.code == 0 and joint.stat().st_mtime_ns != stamp, again.stderr
    alone = tool(*arguments[:4], '--work-dir', tmp_path).error
    assert 'expected a config for each of semseg, depth, found depth' in alone
    assert 'expected TASK=CONFIG' in tool(*arguments[:3], 'depth', '--work-dir', tmp_path).error


def test_confidence_is_learnt_compared_and_used(tool, tmp_path):
    rooms = [
        'train_dataloader.dataset.pairs.scenes=2',
        'val_dataloader.dataset.pairs.scenes=1',
        'test_dataloader.dataset.pairs.scenes=1',
    ]
    for split in ('train', 'test'):
        done = tool(
            'generate_pseudo_disparity.py', CCNN, '--split', split, '--disparities', '64', '--cfg-options', *rooms
        )
        assert done.code == 0, done.stderr
    done = tool(
        'train.py',
        CCNN,
        '--work-dir',
        tmp_path / 'ccnn',
        '--cfg-options',
        *rooms,
        'train_cfg.max_iters=2',
        'train_cfg.val_interval=2',
        'default_hooks.checkpoint.interval=2',
        'train_dataloader.batch_size=1',
    )
    assert done.code == 0 and 'confidence/cross_entropy' in done.stdout, done.stderr
    checkpoint = tmp_path / 'ccnn' / 'iter_2.pth'
    done = tool('analysis_tools/compare_confidence.py', CCNN, checkpoint, '--cfg-options', *rooms)
    assert done.code == 0, done.stderr
    table = {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()[-4:]}
    assert table['oracle'] < table['left-right'] < table['none'] and set(table) == {
        'network',
        'left-right',
        'none',
        'oracle',
    }
    done = tool('analysis_tools/compare_confidence.py', CCNN, checkpoint, '--parts', '8', '--cfg-options', *rooms)
    counts = {line.split(':')[0]: int(line.split()[-9]) for line in done.stdout.splitlines() if 'are wrong' in line}
    both, hidden, near, far, every = counts.values()
    assert list(counts)[2:] == ['-inf <= disparity < 8', '8 <= disparity < inf', 'all'], done.stderr
    assert both + hidden == near + far == every and hidden > 0
    done = disparity(tool, FULL, '--network', CCNN, checkpoint)
    assert done.code == 0, done.stderr
    folder = tmp_path / 'cache' / 'pseudo' / 'rooms-small-stereo' / 'train' / '00000' / '0'
    known, confidence = (np.array(Image.open(folder / f'0_{name}.png')) > 0 for name in ('disparity', 'confidence'))
    assert (confidence == known).all() and 0.3 < known.mean() < 1
    wrong = disparity(tool, FULL, '--network', FULL, checkpoint, '--out', tmp_path / 'x').error
    assert str(checkpoint) in wrong


OURS = f"""
tasks = dict(semseg=dict(type='mmmtl.SemSeg', classes={list(CityscapesMTAN.CLASSES)}))
model = dict(type='mmmtl.MultiTaskModel', backbone=dict(type='mmmtl.SegNet', widths=(4, 6)),
             decode_head=dict(type='mmmtl.PerTaskHead', head=dict(type='mmmtl.ConvHead', channels=4)))
"""
MMSEG = """
model = dict(
    type='EncoderDecoder', data_preprocessor=dict(type='SegDataPreProcessor', bgr_to_rgb=True, size=None),
    backbone=dict(type='ResNet', depth=18, base_channels=8, norm_cfg=dict(type='BN')),
    decode_head=dict(type='FCNHead', in_channels=64, in_index=3, channels=8, num_classes=7, num_convs=1),
    test_cfg=dict(mode='whole'))
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
default_scope = 'mmseg'
"""


def teacher_of(library: str, folder: Path) -> tuple[Path, Path]:
    """A network of 7 classes with random weights: its config and its checkpoint."""
    config, checkpoint = folder / f'{library}_teacher.py', folder / f'{library}_teacher.pth'
    config.write_text(OURS if library == 'mmmtl' else MMSEG)
    if library == 'mmmtl':
        state = init_model(config).state_dict()
    else:
        with DefaultScope.overwrite_default_scope('mmseg'):
            state = mmseg_init_model(str(config), device='cpu').state_dict()
    write_checkpoint({'state_dict': state}, checkpoint)
    return config, checkpoint


@pytest.mark.parametrize('library', ['mmmtl', 'mmseg'])
def test_pseudo_classes_of_the_view_without_label(tool, tmp_path, library):
    root = write_cityscapes(tmp_path / 'city', images=2, size=(64, 128))
    config = CONFIGS / 'table_5.py::full'
    teacher = teacher_of(library, tmp_path)
    options = [
        '--cfg-options',
        'protocol=None',
        f'train_dataloader.dataset.root={root}',
        'train_dataloader.dataset.partial=True',
    ]
    done = tool('generate_pseudo_semseg.py', config, *teacher, '--library', library, *options)
    assert done.code == 0 and '2 written, 0 there already' in done.stdout, done.stderr
    folder = tmp_path / 'cache' / 'pseudo' / 'cityscapes' / 'train'
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*.png'))
    assert found == ['aachen/aachen_000000_000019/1_semseg.png', 'bochum/bochum_000001_000019/1_semseg.png']
    classes = np.array(Image.open(folder / found[0]))
    assert classes.shape == (64, 128) and classes.max() < 7
    assert (
        '0 written, 2 there already'
        in tool('generate_pseudo_semseg.py', config, *teacher, '--library', library, *options).stdout
    )
    last = CityscapesMTAN.CLASSES[-1]
    text = teacher[0].read_text()
    for old, new in ((f", '{last}'", ''), (f"'{last}'", "'cheese'")):
        teacher[0].write_text(text.replace(old, new).replace('num_classes=7', 'num_classes=6'))
        wrong = tool(
            'generate_pseudo_semseg.py', config, *teacher, '--library', library, '--out', tmp_path / 'x', *options
        )
        assert (
            'shapes differ' in wrong.error
            or '6 classes of semseg, expected 7' in wrong.error
            or f'found cheese, expected {last}' in wrong.error
        )
    assert not (tmp_path / 'x').exists(), 'a network that does not fit leaves no manifest behind'
    teacher[0].write_text(text)
    weights = torch.load(teacher[1], weights_only=True)
    next(value for value in weights['state_dict'].values() if value.is_floating_point()).add_(1)
    write_checkpoint(weights, teacher[1])
    again = tool('generate_pseudo_semseg.py', config, *teacher, '--library', library, *options)
    assert 'manifest_semseg.json: written with different settings (weights)' in again.error
    unasked = tool('generate_pseudo_semseg.py', FULL, *teacher, '--library', library, '--cfg-options', *FEW)
    assert 'has no LoadPseudoLabels with semseg among its names' in unasked.error
