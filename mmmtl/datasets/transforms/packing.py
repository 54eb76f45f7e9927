"""Views -> tensors and samples."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData

from mmmtl.errors import DataError
from mmmtl.registry import TRANSFORMS
from mmmtl.structures import MultiTaskDataSample


@TRANSFORMS.register_module()
class PackViews(BaseTransform):
    """Views -> ``inputs``, a list of V images (3, H, W) uint8, and ``data_samples``, V samples.

    Raises:
        DataError: The views of a scene are of different size.
    """

    def transform(self, results: dict) -> dict:
        views, tasks = results['views'], results['tasks']
        sizes = [view['image'].shape[:2] for view in views]
        if len(set(sizes)) > 1:
            raise DataError(
                f'{results["record"].name}: its views are of different size, '
                f'{", ".join(f"{height} x {width}" for height, width in sizes)} '
                f'({views[0]["img_path"]} ...); bring them to one size by Resize in the pipeline'
            )
        samples = []
        for number, view in enumerate(views):
            sample = MultiTaskDataSample(
                metainfo={
                    'scene': results['record'].name,
                    'view': number,
                    'num_views': len(views),
                    'img_path': view['img_path'],
                    'img_shape': view['image'].shape[:2],
                }
            )
            if 'ori_shape' in view:
                sample.set_metainfo({'ori_shape': view['ori_shape']})
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
    """(H, W) or (H, W, C) -> contiguous (C, H, W)."""
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(array))
