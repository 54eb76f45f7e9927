"""From a folder of photographs to a trained network, its predictions, and the same predictions with onnxruntime."""

import numpy as np
import pytest
from own_photographs import write_photographs

pytestmark = pytest.mark.check

TRAIN = """
mmmtl new-project photos
mmmtl check-data photos.py
mmmtl train photos.py --cfg-options train_cfg.max_iters=60
mmmtl test photos.py work_dirs/photos/iter_60.pth
"""
PREDICT = """
mmmtl predict photos/images --model photos.py --checkpoint work_dirs/photos/iter_60.pth --write maps arrays sheet
mmmtl export photos.py work_dirs/photos/iter_60.pth photos.onnx
mmmtl predict photos/images --onnx photos.onnx --write arrays --out by_onnx
"""
SAME_CLASSES = 0.999  # fraction of all pixels; a tie between two classes may be decided either way
SAME_DEPTH = 1e-4  # metres


def test_from_photographs_to_an_onnx_file(data_root, shell, folder):
    write_photographs(data_root / 'real' / 'nyuv2', folder / 'photos')
    printed = shell(TRAIN)
    assert 'nothing is wrong' in printed and 'semseg/mIoU' in printed
    shell(PREDICT)
    same = []
    for image in sorted((folder / 'photos' / 'images').iterdir()):
        assert (folder / 'predictions' / f'{image.name}.sheet.png').is_file()
        by_torch, by_onnx = (
            {task: np.load(folder / made / f'{image.name}.{task}.npy') for task in ('semseg', 'depth')}
            for made in ('predictions', 'by_onnx')
        )
        same.append(by_torch['semseg'] == by_onnx['semseg'])
        np.testing.assert_allclose(by_onnx['depth'], by_torch['depth'], rtol=0, atol=SAME_DEPTH, err_msg=image.name)
    assert len(same) == 17 and np.mean(same) > SAME_CLASSES
