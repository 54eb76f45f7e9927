"""Files that want to run something, given to all that read checkpoints: nothing runs."""

import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tool_process import CONFIGS, ROOT, run

from mmmtl.apis import MultiTaskInferencer, init_model, load_config
from mmmtl.errors import CheckpointError

CONFIG = CONFIGS / 'tiny_rooms.py'
CONVERTERS = sorted(path.name for path in (ROOT / 'tools' / 'model_converters').glob('*.py'))
KINDS = ('pickle', 'raw pickle', 'old format', 'config')


class Harm:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return self.marker.touch, ()


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> dict:
    """What one epoch leaves: a checkpoint that is good in all but what the tests put into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMMTL_CACHE', str(tmp_path_factory.getbasetemp() / 'hostile rooms'))
        folder = tmp_path_factory.mktemp('trained')
        done = run(
            'train.py', CONFIG, '--work-dir', folder, '--cfg-options', 'train_cfg.max_epochs=1', folder=folder / 'out'
        )
        assert done.code == 0, done.stderr
        yield torch.load(folder / 'epoch_1.pth', weights_only=True)


@pytest.fixture(params=KINDS)
def hostile(request, trained, tmp_path) -> SimpleNamespace:
    """A hostile file, and the file that exists once it has done harm."""
    marker, file = tmp_path / 'harm', tmp_path / 'epoch_1.pth'
    harm = Harm(marker)
    if request.param == 'config':
        code = f'open({str(marker)!r}, "w").close()\n'
        torch.save(trained | {'meta': trained['meta'] | {'config': code, 'cfg': code}}, file)
        torch.load(file, weights_only=True)
    elif request.param == 'raw pickle':
        file.write_bytes(pickle.dumps({'state_dict': harm}, protocol=2))
    else:
        torch.save(trained | {'optimizer': harm}, file, _use_new_zipfile_serialization=request.param == 'pickle')
    assert not marker.exists()
    return SimpleNamespace(file=file, marker=marker, safe=request.param == 'config')


def test_the_files_would_do_harm(trained, tmp_path):
    torch.save(trained | {'optimizer': Harm(tmp_path / 'harm')}, tmp_path / 'file.pth')
    torch.load(tmp_path / 'file.pth', weights_only=False)
    assert (tmp_path / 'harm').exists()


@pytest.mark.parametrize(
    'arguments',
    [
        pytest.param(['train.py', CONFIG, '--resume', '{file}'], id='resume'),
        pytest.param(['train.py', CONFIG, '--resume'], id='resume the latest'),
        pytest.param(
            ['train.py', CONFIG, '--cfg-options', 'train_cfg.max_epochs=1', 'load_from={file}'], id='load_from'
        ),
        pytest.param(['test.py', CONFIG, '{file}'], id='test'),
    ],
)
def test_tools(arguments, hostile, tmp_path, rooms_cache):
    tool, *arguments = (str(argument).format(file=hostile.file) for argument in arguments)
    work_dir = tmp_path if arguments[-1] == '--resume' else tmp_path / 'work'
    done = run(tool, '--work-dir', work_dir, *arguments, folder=tmp_path / 'output')
    assert not hostile.marker.exists()
    if hostile.safe:
        assert done.code == 0, done.stderr
    else:
        assert str(hostile.file) in done.error and 'refused' in done.error


@pytest.mark.parametrize('load', [init_model, MultiTaskInferencer])
def test_python(load, hostile):
    if hostile.safe:
        load(CONFIG, hostile.file)
    else:
        with pytest.raises(CheckpointError, match='refused'):
            load(CONFIG, hostile.file)
    assert not hostile.marker.exists()


@pytest.mark.parametrize('converter', CONVERTERS)
def test_converters(converter, hostile, tmp_path):
    done = run(f'model_converters/{converter}', hostile.file, tmp_path / 'ours.pth', folder=tmp_path / 'output')
    assert done.error and len(done.stderr.splitlines()) == 1, done.stderr
    assert not hostile.marker.exists() and not (tmp_path / 'ours.pth').exists()


MMSEG_RESNET = dict(type='mmseg.ResNet', depth=18, base_channels=8)
SWIN = dict(
    type='mmseg.SwinTransformer', embed_dims=8, depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 1), window_size=2
)  # reads the file by itself


def with_backbone(backbone: dict, file: Path | str) -> None:
    config = load_config(CONFIG)
    init = dict(type='Pretrained', checkpoint=str(file), min_matched=0)  # these are another network's weights
    backbone = {**backbone, 'init_cfg': init}
    config.model.backbone = dict(type='mmmtl.MMSegBackbone', backbone=backbone)
    init_model(config)


@pytest.mark.parametrize('backbone', [MMSEG_RESNET, SWIN], ids=lambda backbone: backbone['type'])
def test_pretrained_parts(backbone, hostile):
    if hostile.safe:
        with_backbone(backbone, hostile.file)
    else:
        with pytest.raises(CheckpointError, match='refused'):
            with_backbone(backbone, hostile.file)
    assert not hostile.marker.exists()


def test_pretrained_parts_are_not_downloaded():
    with pytest.raises(CheckpointError, match='https://example.org/a.pth: weights are read from local files only'):
        with_backbone(MMSEG_RESNET, 'https://example.org/a.pth')
