"""Two crops of an image: one learns from its labels, a crop of it from consistency."""

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from mmmtl.datasets.transforms.geometric import RandomZoomCrop, zoom_crop
from mmmtl.datasets.transforms.packing import PackViews
from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TwoCrops(BaseTransform):
    """Replaces `PackViews` and packs the views twice: as they are, with the ``supervision_role`` ``'supervised'``, then
    enlarged windows of them, as by `RandomZoomCrop`, with ``'consistency'``. A batch holds twice as many images, and
    for the network a crop is a scene of its own.

    So MTPSL augments (Li, Liu, Bilen, CVPR 2022): the second crop is taken from the first one. Its samples also say, in
    pixels of the first, ``window`` (top, left, height, width), and ``zoom``, the scale.

    Args:
        scales: Zoom factors >= 1 of the second crop, equally likely; one draw for all views of a scene.
    """

    def __init__(self, scales: Sequence[float] = (1.0, 1.2, 1.5)) -> None:
        self.crop = RandomZoomCrop(scales)
        self.pack = PackViews()

    def transform(self, results: dict) -> dict:
        scale, place = self.crop.draw(results['rng'])
        inner = [dict(view) for view in results['views']]
        windows = [zoom_crop(view, scale, place, results['tasks']) for view in inner]
        first, second = self.pack(results), self.pack({**results, 'views': inner})
        for sample in first['data_samples']:
            sample.set_metainfo({'supervision_role': 'supervised'})
        for sample, window in zip(second['data_samples'], windows, strict=True):
            sample.set_metainfo({'supervision_role': 'consistency', 'window': window, 'zoom': scale})
        return {name: first[name] + second[name] for name in ('inputs', 'data_samples')}
