"""Random scale of a scene: the cameras' translations and the depth, in images that stay as they are."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.errors import ConfigError
from mmmtl.geometry import scale_translation
from mmmtl.registry import TRANSFORMS
from mmmtl.tasks import Task


@TRANSFORMS.register_module()
class RandomSceneScale(BaseTransform):
    """Multiply the metric scale of scenes of several views by a random factor.

    A scene that is s times as large gives the same images if its cameras are s times as far apart. Depth and the
    translations of the poses are multiplied by s, so that only the poses determine the scale, not the appearance of
    objects. Scenes of one view are unchanged, since their pose has no scale.

    Args:
        scales: Least and greatest s > 0; log s is drawn uniformly.

    Raises:
        ConfigError: ``scales`` is not a range of positive numbers.
    """

    def __init__(self, scales: tuple[float, float] = (0.7, 1.4)) -> None:
        if len(scales) != 2 or not 0 < scales[0] <= scales[1] < np.inf:
            raise ConfigError(f'RandomSceneScale.scales must be (least, greatest) above 0, found {scales}')
        self.scales = scales

    def transform(self, results: dict) -> dict:
        if len(results['views']) > 1:
            scale = float(np.exp(results['rng'].uniform(*np.log(self.scales))))
            for view in results['views']:
                scale_scene(view, scale, results['tasks'])
        return results


def scale_scene(view: dict, scale: float, tasks: dict[str, Task]) -> None:
    """Multiply depth and the translation of the pose of a view by ``scale``, in place; the image stays."""
    view['labels'] = {name: tasks[name].zoom(label, 1 / scale) for name, label in view['labels'].items()}
    if 'camera_T_world' in view:
        view['camera_T_world'] = scale_translation(view['camera_T_world'], scale)
