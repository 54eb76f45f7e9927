"""onnxruntime predicts what PyTorch does, through the same interface."""

import numpy as np
import pytest
from PIL import Image
from small_export import noise_photograph, small_export

from mmmtl.apis import MultiTaskInferencer
from mmmtl.cli.main import main
from mmmtl.errors import ConfigError, DataError
from mmmtl.export import OnnxInferencer, export_model

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp('exported')
    config, checkpoint = small_export(folder)
    export_model(config, checkpoint, folder / 'a.onnx', photograph=noise_photograph())
    return config, checkpoint, folder / 'a.onnx'


def assert_same(found: dict, expected: dict):
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert found[name].shape == values.shape and found[name].dtype == values.dtype
        if values.dtype.kind == 'f':
            np.testing.assert_allclose(found[name], values, atol=1e-4, rtol=1e-4)
        else:
            assert (found[name] == values).mean() > 0.99


@pytest.mark.parametrize('shape', [(60, 80), (80, 60), (20, 28), (24, 32)])
def test_predictions_are_those_of_pytorch(exported, shape):
    config, checkpoint, file = exported
    image = noise_photograph(*shape)
    assert_same(OnnxInferencer(file)(image), MultiTaskInferencer(config, checkpoint)(image))
    own = OnnxInferencer(file, size=None)(image)
    assert_same(own, MultiTaskInferencer(config, checkpoint, size=None)(image))


def test_lists_and_cameras(exported):
    config, checkpoint, file = exported
    images = [noise_photograph(60, 80), noise_photograph(40, 40, seed=1)]
    cameras = [np.array([[f, 0, 30], [0, f, 20], [0, 0, 1.0]]) for f in (90.0, 30.0)]
    expected = MultiTaskInferencer(config, checkpoint)(images, intrinsics=cameras)
    for found, maps in zip(OnnxInferencer(file)(images, intrinsics=cameras), expected, strict=True):
        assert_same(found, maps)
    plain = OnnxInferencer(file)(images)
    assert not np.allclose(plain[0]['depth'], expected[0]['depth'])


def test_bad_files_and_sizes(exported, tmp_path):
    with pytest.raises(DataError, match=r'none\.onnx: no such file'):
        OnnxInferencer(tmp_path / 'none.onnx')
    (tmp_path / 'text.onnx').write_text('no network')
    with pytest.raises(DataError, match=r'text\.onnx: not a readable ONNX file'):
        OnnxInferencer(tmp_path / 'text.onnx')
    with pytest.raises(ConfigError, match='size must be'):
        OnnxInferencer(exported[2], size=(3,))
    with pytest.raises(ConfigError, match='threads must be >= 0, found -1'):
        OnnxInferencer(exported[2], threads=-1)


def test_a_fixed_size_and_probabilities(exported, tmp_path):
    config, checkpoint, _ = exported
    export_model(config, checkpoint, tmp_path / 'a.onnx', photograph=noise_photograph(), fixed=True)
    infer = OnnxInferencer(tmp_path / 'a.onnx')
    assert infer(noise_photograph(48, 64))['depth'].shape == (48, 64)
    with pytest.raises(DataError, match=r'a\.onnx: takes images of .* only, found 1 x 3 x 32 x 24'):
        infer(noise_photograph(64, 48))
    export_model(config, checkpoint, tmp_path / 'b.onnx', photograph=noise_photograph(), probabilities=True)
    with pytest.raises(ConfigError, match='export it with class indices'):
        OnnxInferencer(tmp_path / 'b.onnx')


def test_the_command_predicts_with_a_file(exported, tmp_path, capsys):
    *_, file = exported
    image = noise_photograph(60, 80)
    Image.fromarray(image).save(tmp_path / 'a.png')
    command = [
        'predict',
        str(tmp_path / 'a.png'),
        '--onnx',
        str(file),
        '--write',
        'arrays',
        '--out',
        str(tmp_path / 'p'),
    ]
    main(command)
    expected = OnnxInferencer(file)(image)
    for name, values in expected.items():
        written = np.maximum(values, 0) if name == 'depth' else values  # as labels have it
        np.testing.assert_array_equal(np.load(tmp_path / 'p' / f'a.png.{name}.npy'), written)
    with pytest.raises(SystemExit, match='2'):
        main([*command, '--flip'])
    assert 'cannot be combined with --flip' in capsys.readouterr().err
