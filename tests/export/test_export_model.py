"""Exported files compute what the network does; files that do not are not kept."""

import json

import numpy as np
import pytest
import torch
from small_export import CROSS_VIEW, EVERY_KIND, noise_photograph, small_export

from mmmtl.cli.main import main
from mmmtl.errors import ConfigError
from mmmtl.export import export_model
from mmmtl.export.export_model import Exported
from mmmtl.export.onnx_file import ONNX_DOMAINS

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')


def test_onnx_takes_any_number_and_size_of_images(tmp_path):
    config, checkpoint = small_export(tmp_path)
    exported = export_model(config, checkpoint, tmp_path / 'a.onnx', photograph=noise_photograph())
    assert exported.free == ('batch', 'size') and max(exported.differences.values()) <= 1e-4
    model = onnx.load(tmp_path / 'a.onnx')
    assert {node.domain for node in model.graph.node} <= ONNX_DOMAINS and not model.functions
    assert str(tmp_path.home()).encode() not in model.SerializeToString()
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(metadata['mean']) == [0.485, 0.456, 0.406]
    session = onnxruntime.InferenceSession(tmp_path / 'a.onnx')
    for shape in ((1, 3, 40, 31), (3, 3, 17, 64)):
        maps = session.run(None, {'image': np.zeros(shape, np.uint8)})
        assert [values.shape for values in maps] == [(shape[0], channels, *shape[2:]) for channels in (1, 1, 3, 1, 1)]
    assert [output.name for output in session.get_outputs()] == list(EVERY_KIND)


@pytest.mark.slow
def test_two_views_with_cameras_and_probabilities(tmp_path):
    config, checkpoint = small_export(tmp_path, CROSS_VIEW)
    options = dict(photograph=noise_photograph(), views=2, probabilities=True)
    pair = export_model(config, checkpoint, tmp_path / 'pair.onnx', **options)
    assert pair.free == () and max(pair.differences.values()) <= 1e-4
    session = onnxruntime.InferenceSession(tmp_path / 'pair.onnx')
    assert [value.name for value in session.get_inputs()] == ['image', 'intrinsics', 'camera_T_world']
    assert session.get_outputs()[0].shape[:2] == [2, 4]


def test_torch_export_is_loaded_again(tmp_path):
    config, checkpoint = small_export(tmp_path)
    exported = export_model(config, checkpoint, tmp_path / 'a.pt2', photograph=noise_photograph())
    assert exported.free == ('batch',) and max(exported.differences.values()) <= 1e-4
    extra = {'metadata.json': ''}
    program = torch.export.load(tmp_path / 'a.pt2', extra_files=extra)
    assert 'semseg' in json.loads(json.loads(extra['metadata.json'])['tasks'])
    maps = program.module()(image=torch.zeros(3, 3, 24, 32, dtype=torch.uint8))
    assert maps[1].shape == (3, 1, 24, 32)


def test_a_file_that_differs_is_not_kept(tmp_path, monkeypatch):
    config, checkpoint = small_export(tmp_path)
    monkeypatch.setattr(EVERY_KIND['depth']['type'], 'activate', lambda task, logits: logits * 1.001)
    monkeypatch.setattr(EVERY_KIND['depth']['type'], 'predict', lambda task, logits: logits)
    with pytest.raises(ConfigError, match=r'a\.pt2: not written: depth differs from PyTorch by .*, more than 1e-04'):
        export_model(config, checkpoint, tmp_path / 'a.pt2', photograph=noise_photograph())
    assert [file.name for file in tmp_path.iterdir()] == ['weights.pth']


@pytest.mark.parametrize(
    ('free', 'views', 'accepted'),
    [
        (('batch', 'size'), '1', 'accepts any batch size and any image size'),
        ((), '1', 'accepts batch size 1 and images of 64 x 96 pixels'),
        ((), '2', 'accepts 2 views of a scene and images of 64 x 96 pixels'),
    ],
)
def test_the_command_prints_what_the_file_accepts(free, views, accepted, tmp_path, monkeypatch, capsys):
    file = tmp_path / 'a.onnx'
    file.write_bytes(b'')
    exported = Exported(file, differences={'depth': 0.0}, free=free, size=(64, 96))
    monkeypatch.setattr('mmmtl.export.export_model', lambda *_, **__: exported)
    main(['export', 'rooms_lite0', str(file), '--views', views])
    assert capsys.readouterr().out.splitlines()[0] == f'{file}: 0.0 MB; {accepted}'


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('rooms_lite0', 'a.tflite'), 'a.tflite: expected a name that ends in .onnx or .pt2'),
        (('rooms_lite0', 'none/a.onnx'), 'none/a.onnx: there is no folder none'),
        (('baseline/conv_segnet_b8_2e_rooms_full', 'a.onnx'), 'its weights are not published'),
        (('rooms_lite0', 'a.onnx', '--views', '2'), 'views: 2, but this network takes single images'),
        (('rooms_lite0', 'a.onnx', '--image', 'none.jpg'), 'none.jpg'),
    ],
)
def test_bad_input_is_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(['export', *arguments])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert end.value.code == 2 and message in line and not list(tmp_path.iterdir())
