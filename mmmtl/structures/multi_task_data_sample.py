"""One view of a scene: its labels, its predictions and its camera."""

from mmengine.structures import BaseDataElement, PixelData
from torch import Tensor

from mmmtl.geometry import resize_intrinsics


class MultiTaskDataSample(BaseDataElement):
    """One view with the labels that are shown, the predictions once they are made, and the camera if it is known.

    ``gt`` and ``pred`` hold one (C, H, W) map per task name; a label that is hidden or does not exist is not there.

    Metainfo: ``img_path``; ``img_shape`` (H, W) of the image as the network gets it, without padding; ``ori_shape``,
    where it was resized to the scale that the network was trained for, (H, W) of the image itself; ``magnification``,
    where depths are to be corrected, how many times larger the network sees things than with the camera that it was
    trained for; ``scene``, the record's name; ``view``, its number within the scene; ``views``, how many views the
    scene has in this batch; ``rectified``, true where view 0 and 1 are the left and the right one of a rectified stereo
    pair.
    """

    @property
    def own_shape(self) -> tuple[int, int]:
        """(H, W) of labels and predictions."""
        return tuple(self.get('ori_shape', self.img_shape))

    @property
    def gt(self) -> PixelData:
        """Labels that are shown."""
        return self._gt

    @gt.setter
    def gt(self, value: PixelData) -> None:
        self.set_field(value, '_gt', dtype=PixelData)

    @property
    def pred(self) -> PixelData:
        """Final maps, one per task, of `own_shape`."""
        return self._pred

    @pred.setter
    def pred(self, value: PixelData) -> None:
        self.set_field(value, '_pred', dtype=PixelData)

    @property
    def extra(self) -> PixelData:
        """What the network can show beside its predictions: (C, H, W) maps by name, of `own_shape`."""
        return self._extra

    @extra.setter
    def extra(self, value: PixelData) -> None:
        self.set_field(value, '_extra', dtype=PixelData)

    @property
    def regions(self) -> Tensor:
        """int32 (1, H, W): the number of the region each pixel belongs to, 0..65535, -1 for none; labels of no task."""
        return self._regions

    @regions.setter
    def regions(self, value: Tensor) -> None:
        self.set_field(value, '_regions', dtype=Tensor)

    @property
    def intrinsics(self) -> Tensor:
        """(3, 3) in pixels of labels and predictions."""
        return self._intrinsics

    @intrinsics.setter
    def intrinsics(self, value: Tensor) -> None:
        self.set_field(value, '_intrinsics', dtype=Tensor)

    @property
    def seen_intrinsics(self) -> Tensor:
        """(3, 3) in pixels of the image as the network gets it."""
        if 'ori_shape' not in self:
            return self.intrinsics
        (height, width), (own_height, own_width) = self.img_shape, self.ori_shape
        return resize_intrinsics(self.intrinsics, width / own_width, height / own_height)

    @property
    def camera_T_world(self) -> Tensor:  # noqa: N802  frames meet in the name
        """(4, 4), world to camera, metres."""
        return self._camera_T_world

    @camera_T_world.setter
    def camera_T_world(self, value: Tensor) -> None:  # noqa: N802
        self.set_field(value, '_camera_T_world', dtype=Tensor)
