"""Cross-view matching: features m(s(I)) of every view, and the cost volume between the views of a scene."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.geometry import resize_intrinsics
from mmmtl.models.necks.cross_view.cost_volume import CostVolume
from mmmtl.models.necks.cross_view.map_resizing import resize_to_stride
from mmmtl.models.necks.cross_view.match_visualization import MatchConfidenceMap, MatchedDepthMap, match_visualizers
from mmmtl.models.necks.cross_view.multi_view_transformer import MultiViewTransformer
from mmmtl.models.necks.cross_view.neighbours import nearest_views
from mmmtl.models.necks.cross_view.scenes import check_scenes, group_scenes, take_rows
from mmmtl.models.necks.cross_view.spatial_encoder import SpatialEncoder
from mmmtl.models.necks.neck import Neck
from mmmtl.models.nested_options import build_nested
from mmmtl.tasks import Task


class ViewMatching(Neck):
    """Base class of `CrossViewModule`, whose docstring defines s(.), m(.), C and F.

    Args:
        in_channels: Channels of the backbone's feature maps (taps), fine to coarse; passed by the model.
        strides: Strides of the taps, in the same order; passed by the model.
        cost_volume: Options of `CostVolume`; None for no cost volume.
        transformer: Options of `MultiViewTransformer`.
        features_from: Input of s(.): ``'images'``, or the index of a tap.
        stride: Stride at which views are matched.

    Raises:
        ConfigError: An option is unknown or out of range.
    """

    looks_across_views = True

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        cost_volume: dict | None,
        transformer: dict | None,
        features_from: str | int,
        stride: int,
        init_cfg: dict | None,
    ) -> None:
        super().__init__(in_channels, strides, init_cfg=init_cfg)
        self.tap_strides = tuple(strides)
        channels = SpatialEncoder.channels
        self.spatial_encoder: SpatialEncoder | None = None
        self.tap_encoder: nn.Conv2d | None = None
        self.features_from, self.stride = features_from, stride
        if stride < 1:
            raise ConfigError(f'CrossViewModule.stride must be at least 1, found {stride}')
        if features_from == 'images':
            self.spatial_encoder = SpatialEncoder(stride)
        elif isinstance(features_from, int) and 0 <= features_from < len(in_channels):
            self.tap_encoder = nn.Conv2d(in_channels[features_from], channels, 1)
        else:
            raise ConfigError(
                f"CrossViewModule.features_from must be 'images' or the index of a feature map of the backbone, "
                f'0 to {len(in_channels) - 1}, found {features_from!r}'
            )
        self.transformer = build_nested(
            MultiViewTransformer, transformer or {}, 'CrossViewModule.transformer', channels=channels
        )
        self.cost_volume: CostVolume | None = None
        if cost_volume is not None:
            self.cost_volume = build_nested(CostVolume, cost_volume, 'CrossViewModule.cost_volume')

    @property
    def aux_names(self) -> frozenset[str]:
        """``'features'`` F, and with a cost volume ``'cost'`` C, its ``'planes'`` and ``'stride'``, see `match`."""
        return frozenset({'features', 'cost', 'planes', 'stride'} if self.cost_volume else {'features'})

    @property
    def depth_range(self) -> tuple[float, float] | None:
        """The depth of the nearest and the farthest plane in metres; None without a cost volume."""
        return (self.cost_volume.near, self.cost_volume.far) if self.cost_volume else None

    def match(
        self,
        features: tuple[Tensor, ...],
        images: Tensor,
        *,
        views: Sequence[int] | None = None,
        intrinsics: Tensor | None = None,
        camera_T_world: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Match the views of each scene.

        Args:
            features: The taps (N, C_i, h_i, w_i), fine to coarse.
            images: (N, 3, H, W), normalized by the model's preprocessor, of any size.
            views: Number of views of each scene, N in total; the views of a scene are consecutive in the batch. None
                if every image is a scene.
            intrinsics: (N, 3, 3) in pixels of ``images``; ignored for scenes of one view. None is allowed if all scenes
                have one view.
            camera_T_world: (N, 4, 4), in metres; None as for ``intrinsics``.

        Returns:
            ``'features'`` F (N, 128, h, w), and with a cost volume ``'cost'`` C (N, D, h, w), the ``'planes'`` (D,)
            in 1 / m, and the ``'stride'``, a scalar; h and w are H and W divided by it, rounded up.

        Raises:
            DataError: A scene of several views has no camera.
        """
        views = (1,) * len(images) if views is None else tuple(views)
        check_scenes(views, len(images), intrinsics, camera_T_world)
        spatial = self._spatial_features(features, images)
        if intrinsics is not None:
            intrinsics = resize_intrinsics(intrinsics.float(), 1 / self.stride, 1 / self.stride)
        groups, order = group_scenes(views, images.device)
        matched = [
            self._match_scenes(
                take_rows(spatial, rows),
                None if intrinsics is None else take_rows(intrinsics, rows),
                None if camera_T_world is None else take_rows(camera_T_world, rows),
            )
            for rows in groups
        ]
        if len(matched) == 1:
            joint = matched[0]
        else:
            joint = {part: torch.cat([group[part] for group in matched]).index_select(0, order) for part in matched[0]}
        if self.cost_volume is not None:
            joint['planes'] = self.cost_volume.inverse_depths(images.device)
            joint['stride'] = torch.full((), float(self.stride), device=images.device)
        return joint

    def visual_maps(self, aux: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return maps (N, 1, h, w) of the output of `match`, for visualization.

        ``'matched'`` is the depth of the best plane in metres, ``'confidence'`` its softmax probability. Both are
        meaningless for a single view, which matches equally at every plane. Without a cost volume, there are no maps.
        """
        if self.cost_volume is None:
            return {}
        depth, confidence = self.cost_volume.best_depth(aux['cost'])
        return {'matched': depth, 'confidence': confidence}

    def visualizers(self, tasks: Mapping[str, Task]) -> dict[str, MatchedDepthMap | MatchConfidenceMap]:
        """Return the visualizers of the maps of `visual_maps`, by name."""
        return match_visualizers(tasks) if self.cost_volume else {}

    def _match_scenes(
        self, spatial: Tensor, intrinsics: Tensor | None, camera_T_world: Tensor | None
    ) -> dict[str, Tensor]:
        """Match B scenes that all have V views; arguments are (B, V, ...), results (B V, ...)."""
        single = spatial.shape[1] == 1
        neighbours = None if single else nearest_views(cast(Tensor, camera_T_world))
        features = self.transformer(spatial, neighbours)  # (B, V, C, h, w)
        matched = {'features': features.flatten(0, 1)}
        if self.cost_volume is not None and single:
            matched['cost'] = self.cost_volume.single_view_cost(matched['features'])
        elif self.cost_volume is not None:
            matched['cost'] = self.cost_volume(features, intrinsics, camera_T_world, neighbours).flatten(0, 1)
        return matched

    def _spatial_features(self, features: tuple[Tensor, ...], images: Tensor) -> Tensor:
        """Compute s(I), (N, 128, H / stride, W / stride), rounded up."""
        if self.spatial_encoder is not None:
            return self.spatial_encoder(images)
        assert self.tap_encoder is not None and isinstance(self.features_from, int)
        size = images.shape[-2], images.shape[-1]
        tap, stride = features[self.features_from], self.tap_strides[self.features_from]
        return self.tap_encoder(resize_to_stride(tap, stride, self.stride, size))
