"""Pack every view twice: one crop for supervised losses, one for consistency losses."""

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from mmmtl.datasets.transforms.geometric import RandomZoomCrop, zoom_crop
from mmmtl.datasets.transforms.packing import PackViews
from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TwoCrops(BaseTransform):
    """Pack the views twice: unchanged for supervised losses, and zoomed for consistency losses. Replaces `PackViews`.

    The first samples have the metainfo ``supervision_role='supervised'``; the second ones, cropped and resized as by
    `RandomZoomCrop`, have ``'consistency'``. A batch holds twice as many images, and the network treats each crop as
    a separate scene.

    This is the augmentation of MTPSL (Li, Liu, Bilen, CVPR 2022): the second crop is taken from the first one. The
    metainfo of its samples includes ``window`` (top, left, height, width) in pixels of the first crop, and the scale
    ``zoom``.

    Args:
        scales: Zoom factors >= 1 of the second crop, drawn uniformly once for all views of a scene.
    """

    def __init__(self, scales: Sequence[float] = (1.0, 1.2, 1.5)) -> None:
        self.crop = RandomZoomCrop(scales)
        self.pack = PackViews()

    def transform(self, results: dict) -> dict:
        scale, position = self.crop.draw(results['rng'])
        zoomed_views = [dict(view) for view in results['views']]
        windows = [zoom_crop(view, scale, position, results['tasks']) for view in zoomed_views]
        first, second = self.pack(results), self.pack({**results, 'views': zoomed_views})
        for sample in first['data_samples']:
            sample.set_metainfo({'supervision_role': 'supervised'})
        for sample, window in zip(second['data_samples'], windows, strict=True):
            sample.set_metainfo({'supervision_role': 'consistency', 'window': window, 'zoom': scale})
        return {name: first[name] + second[name] for name in ('inputs', 'data_samples')}
