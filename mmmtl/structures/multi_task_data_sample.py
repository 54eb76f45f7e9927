"""Labels, predictions and camera of one image."""

from mmengine.structures import BaseDataElement, PixelData
from torch import Tensor

from mmmtl.geometry import resize_intrinsics


class MultiTaskDataSample(BaseDataElement):
    """One image with its labels, its predictions and, if known, its camera.

    ``gt`` and ``pred`` hold one (C, H, W) map per task. A label that is hidden or does not exist is absent.

    Metainfo:

    - ``img_path``: Path of the image.
    - ``img_shape``: (H, W) of the network's input, without padding.
    - ``ori_shape``: (H, W) of the original image, if it was resized to the scale used in training.
    - ``magnification``: Factor by which objects appear larger than in training, if predicted depth is to be
      corrected for it.
    - ``scene``: Name of the record.
    - ``view``: Index of the view in its scene.
    - ``num_views``: Number of views of the scene in this batch.
    - ``rectified``: True if views 0 and 1 are the left and right image of a rectified stereo pair.
    """

    @property
    def output_shape(self) -> tuple[int, int]:
        """Size (H, W) of labels and predictions."""
        return tuple(self.get('ori_shape', self.img_shape))

    @property
    def gt(self) -> PixelData:
        """Labels, (C, H, W) by task."""
        return self._gt

    @gt.setter
    def gt(self, value: PixelData) -> None:
        self.set_field(value, '_gt', dtype=PixelData)

    @property
    def pred(self) -> PixelData:
        """Predictions, (C, H, W) by task, of size `output_shape`."""
        return self._pred

    @pred.setter
    def pred(self, value: PixelData) -> None:
        self.set_field(value, '_pred', dtype=PixelData)

    @property
    def extra(self) -> PixelData:
        """Auxiliary maps of the network, (C, H, W) by name, of size `output_shape`."""
        return self._extra

    @extra.setter
    def extra(self, value: PixelData) -> None:
        self.set_field(value, '_extra', dtype=PixelData)

    @property
    def regions(self) -> Tensor:
        """Region index 0..65535 of each pixel, -1 for none, int32 (1, H, W)."""
        return self._regions

    @regions.setter
    def regions(self, value: Tensor) -> None:
        self.set_field(value, '_regions', dtype=Tensor)

    @property
    def intrinsics(self) -> Tensor:
        """Intrinsics (3, 3) in pixels of labels and predictions."""
        return self._intrinsics

    @intrinsics.setter
    def intrinsics(self, value: Tensor) -> None:
        self.set_field(value, '_intrinsics', dtype=Tensor)

    @property
    def input_intrinsics(self) -> Tensor:
        """Intrinsics (3, 3) in pixels of the network's input."""
        if 'ori_shape' not in self:
            return self.intrinsics
        (height, width), (own_height, own_width) = self.img_shape, self.ori_shape
        return resize_intrinsics(self.intrinsics, width / own_width, height / own_height)

    @property
    def camera_T_world(self) -> Tensor:  # noqa: N802  the convention for poses
        """Pose (4, 4) from world to camera, in metres."""
        return self._camera_T_world

    @camera_T_world.setter
    def camera_T_world(self, value: Tensor) -> None:  # noqa: N802
        self.set_field(value, '_camera_T_world', dtype=Tensor)
