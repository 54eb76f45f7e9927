"""Pack views to tensors and data samples."""

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData

from mmmtl.errors import DataError
from mmmtl.registry import TRANSFORMS
from mmmtl.structures import MultiTaskDataSample


@TRANSFORMS.register_module()
class PackViews(BaseTransform):
    """Pack V views to ``inputs``, a list of V images (3, H, W) uint8, and ``data_samples``, V samples.

    Raises:
        DataError: The views of a scene have different sizes.
    """

    def transform(self, results: dict) -> dict:
        views, tasks = results['views'], results['tasks']
        sizes = [view['image'].shape[:2] for view in views]
        if len(set(sizes)) > 1:
            raise DataError(
                f'{results["record"].name}: its views have different sizes, '
                f'{", ".join(f"{height} x {width}" for height, width in sizes)} '
                f'({views[0]["img_path"]} ...); add Resize to the pipeline'
            )
        samples = []
        for index, view in enumerate(views):
            sample = MultiTaskDataSample(
                metainfo={
                    'scene': results['record'].name,
                    'view': index,
                    'num_views': len(views),
                    'img_path': view['img_path'],
                    'img_shape': view['image'].shape[:2],
                }
            )
            if 'ori_shape' in view:
                sample.set_metainfo({'ori_shape': view['ori_shape']})
            if view.get('flipped'):
                sample.set_metainfo({'flipped': True})
            if results.get('rectified'):
                sample.set_metainfo({'rectified': True})
            sample.gt = PixelData(
                **{name: to_tensor(label).to(tasks[name].dtype) for name, label in view['labels'].items()}
            )
            if 'regions' in view:
                sample.regions = to_tensor(view['regions'])
            if 'intrinsics' in view:
                sample.intrinsics = view['intrinsics']
            if 'camera_T_world' in view:
                sample.camera_T_world = view['camera_T_world']
            samples.append(sample)
        return {'inputs': [to_tensor(view['image']) for view in views], 'data_samples': samples}


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """Convert an array (H, W) or (H, W, C) to a contiguous tensor (C, H, W)."""
    if array.ndim == 3 and array.shape[2] == 3 and array.dtype in (np.uint8, np.float32) and array.size:
        channels = np.empty((3, *array.shape[:2]), array.dtype)
        cv2.split(array, list(channels))  # several times as fast as a transposed copy
        return torch.from_numpy(channels)
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(array))
