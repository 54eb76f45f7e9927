"""CvM's neck: the backbone's features of every view, concatenated with features and costs of cross-view matching."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import resize_intrinsics
from mmmtl.models.necks.cross_view.cost_volume import CostVolume
from mmmtl.models.necks.cross_view.map_resizing import resize_and_crop, resize_to_stride
from mmmtl.models.necks.cross_view.match_visualization import MatchConfidenceMap, match_visualizers
from mmmtl.models.necks.cross_view.multi_view_transformer import MultiViewTransformer
from mmmtl.models.necks.cross_view.neighbours import nearest_views
from mmmtl.models.necks.cross_view.scenes import group_scenes, take_rows
from mmmtl.models.necks.cross_view.spatial_encoder import SpatialEncoder
from mmmtl.registry import MODELS
from mmmtl.tasks import Task

PARTS = ('cost', 'features')


@MODELS.register_module()
class CrossViewModule(BaseModule):
    """concat(f(I_i), C_i, F_i) for every view i and selected feature (tap) of the backbone f (arXiv 2511.20646).

    F = m(s(I)) are the cross-view features (128 channels at 1/8), C is the cost volume; all tasks and taps share both.
    In scenes of up to three views each view is matched with all others, in larger ones with the two of nearest camera
    centre. A single view is matched with itself: as two equal views stay equal in every layer and match equally at
    every plane, one copy is computed, without warp or camera. A batch may mix scenes of different numbers of views.

    The paper does not specify, and we choose: taps are resized to 1/8, all of them get C and F, plain concatenation,
    128 planes between 0.1 m and 10 km ("paper"). Where we differ from the code it builds on: every view has its own
    intrinsics, pixel centres are exact, points behind the camera are invisible.

    Args:
        in_channels: Channels of the backbone's taps, fine to coarse; passed by the model.
        strides: Strides of the backbone's taps, in the same order; passed by the model.
        cost_volume: Options of `CostVolume`: ``planes``, ``depth_range``, ``chunk_bytes``.
        fuse: What is concatenated: ``'cost'``, ``'features'`` or both.
        taps: Indices of the taps to which C and F are concatenated, the others pass unchanged; None for all.
        fusion_stride: Stride to which these taps, C and F are resized (8 or 16); None for each tap's own stride.
        project: Whether a 1x1 convolution, shared by the taps, maps the concatenation back to the taps' channels.
        features_from: Input of s(.): ``'images'`` for its own CNN, or the index of a tap, which is resized to
            ``stride`` and mapped to 128 channels.
        stride: Stride at which views are matched; 4 and 2 are for images so small that no parallax is left at 1/8.
        blocks: Number of blocks of m(.).
        centred_cost: Whether the mean over the planes is subtracted from C, for training from scratch. It carries no
            information about depth; without it, the C of a single view is 0 for features of any scale.
        identity_start: Whether m(.) starts close to the identity, for training from scratch; see
            `MultiViewTransformer`.
        init_cfg: For example ``dict(type='Pretrained', checkpoint=...)`` with converted UniMatch weights.

    Raises:
        ConfigError: An option is unknown or out of range, or ``project`` is set for taps of different channels.
    """

    needs_views = True

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        cost_volume: dict | None = None,
        fuse: Sequence[str] = PARTS,
        taps: Sequence[int] | None = None,
        fusion_stride: int | None = 8,
        project: bool = False,
        features_from: str | int = 'images',
        stride: int = 8,
        blocks: int = 6,
        centred_cost: bool = False,
        identity_start: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not fuse or set(fuse) - set(PARTS):
            raise ConfigError(f'CrossViewModule.fuse takes one or both of {PARTS}, found {tuple(fuse)}')
        self.fuse, self.centred_cost = tuple(part for part in PARTS if part in fuse), centred_cost
        self.tap_strides = tuple(strides)
        self.taps = tuple(range(len(in_channels))) if taps is None else tuple(taps)
        if not self.taps or not set(self.taps) <= set(range(len(in_channels))):
            raise ConfigError(
                f'CrossViewModule.taps must be indices of features, 0 to {len(in_channels) - 1}, found {self.taps}'
            )
        channels = SpatialEncoder.channels
        self.spatial_encoder: SpatialEncoder | None = None
        self.tap_encoder: nn.Conv2d | None = None
        self.features_from, self.stride = features_from, stride
        if features_from == 'images':
            self.spatial_encoder = SpatialEncoder(stride)
        elif isinstance(features_from, int) and 0 <= features_from < len(in_channels):
            self.tap_encoder = nn.Conv2d(in_channels[features_from], channels, 1)
        else:
            raise ConfigError(
                f"CrossViewModule.features_from must be 'images' or the index of a feature, "
                f'0 to {len(in_channels) - 1}, found {features_from!r}'
            )
        self.transformer = MultiViewTransformer(channels, blocks=blocks, identity_start=identity_start)
        self.cost_volume = CostVolume(**(cost_volume or {})) if 'cost' in self.fuse else None

        added = (channels if 'features' in self.fuse else 0) + (self.cost_volume.planes if self.cost_volume else 0)
        widths = {in_channels[tap] for tap in self.taps}
        if project and len(widths) > 1:
            raise ConfigError(
                f'CrossViewModule.project is shared by the taps and needs equal channels, found {sorted(widths)}'
            )
        self.project = nn.Conv2d(min(widths) + added, min(widths), 1) if project else None
        wider = 0 if project else added
        self.out_channels = tuple(c + wider if i in self.taps else c for i, c in enumerate(in_channels))
        self.strides = tuple(fusion_stride or s if i in self.taps else s for i, s in enumerate(strides))

    @property
    def depth_range(self) -> tuple[float, float] | None:
        """The depth of the nearest and the farthest plane in metres; None without a cost volume."""
        return (self.cost_volume.near, self.cost_volume.far) if self.cost_volume else None

    def forward(
        self,
        features: tuple[Tensor, ...],
        images: Tensor,
        *,
        views: Sequence[int] | None = None,
        intrinsics: Tensor | None = None,
        camera_T_world: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Match the views of each scene and concatenate C and F to the selected taps.

        Args:
            features: The taps (N, C_i, h_i, w_i), fine to coarse.
            images: (N, 3, H, W), ImageNet-normalised, of any size; if H / 8 is odd, the transformer repeats the last
                row of features.
            views: Number of views of each scene, N in total; the views of a scene are consecutive in the batch. None
                if every image is a scene.
            intrinsics: (N, 3, 3) in pixels of ``images``; ignored for scenes of one view, None if there is no other.
            camera_T_world: (N, 4, 4), likewise.

        Returns:
            The taps, of which the selected ones have more channels (`out_channels`).

        Raises:
            DataError: A scene of several views has no camera.
        """
        matched = self.match(features, images, views=views, intrinsics=intrinsics, camera_T_world=camera_T_world)
        return self.join(features, matched, (images.shape[-2], images.shape[-1]))

    def join(
        self, features: tuple[Tensor, ...], matched: dict[str, Tensor], image_size: tuple[int, int]
    ) -> tuple[Tensor, ...]:
        """Concatenate the output of `match` to the selected taps.

        Args:
            features: The taps, fine to coarse.
            matched: Output of `match`.
            image_size: Size (H, W) of the images.
        """
        if self.centred_cost and 'cost' in self.fuse:
            matched = {**matched, 'cost': matched['cost'] - matched['cost'].mean(dim=1, keepdim=True)}
        added = [matched[part] for part in self.fuse]
        return tuple(
            self._join(tap, index, added, image_size) if index in self.taps else tap
            for index, tap in enumerate(features)
        )

    def match(
        self,
        features: tuple[Tensor, ...],
        images: Tensor,
        *,
        views: Sequence[int] | None = None,
        intrinsics: Tensor | None = None,
        camera_T_world: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Match the views of each scene; arguments as of `forward`.

        Returns:
            ``'features'`` F (N, 128, h, w), and with a cost volume ``'cost'`` C (N, D, h, w) and the ``'planes'`` (D,)
            in 1 / m; h and w are H and W divided by ``stride``.

        Raises:
            DataError: A scene of several views has no camera.
        """
        views = (1,) * len(images) if views is None else tuple(views)
        self._check(views, len(images), intrinsics, camera_T_world)
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
        return joint

    def aux_maps(self, matched: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return maps (N, 1, h, w) of the output of `match`, for visualization.

        ``'matched'`` is the depth of the best plane in metres, ``'confidence'`` its softmax probability. They are
        meaningless for a single view, which matches equally at every plane. Without a cost volume there are none.
        """
        if self.cost_volume is None:
            return {}
        depth, confidence = self.cost_volume.best_depth(matched['cost'])
        return {'matched': depth, 'confidence': confidence}

    def visualizers(self, tasks: Mapping[str, Task]) -> dict[str, Task | MatchConfidenceMap]:
        """Return the visualizers of the maps of `aux_maps`, by name."""
        return match_visualizers(tasks) if self.cost_volume else {}

    def _match_scenes(
        self, spatial: Tensor, intrinsics: Tensor | None, camera_T_world: Tensor | None
    ) -> dict[str, Tensor]:
        """Match scenes of one number of views, arguments (B, V, ...); the results are (B V, ...)."""
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
        """Compute s(I), (N, 128, H / stride, W / stride)."""
        if self.spatial_encoder is not None:
            return self.spatial_encoder(images)
        assert self.tap_encoder is not None and isinstance(self.features_from, int)
        size = images.shape[-2], images.shape[-1]
        tap, stride = features[self.features_from], self.tap_strides[self.features_from]
        return self.tap_encoder(resize_to_stride(tap, stride, self.stride, size))

    def _join(self, tap: Tensor, index: int, added: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Concatenate maps to one tap, at its output stride."""
        stride = self.strides[index]
        tap = resize_to_stride(tap, self.tap_strides[index], stride, size)
        added = [resize_and_crop(x, self.stride / stride, (tap.shape[-2], tap.shape[-1])) for x in added]
        joined = torch.cat((tap, *added), dim=1)
        return joined if self.project is None else self.project(joined)

    @staticmethod
    def _check(views: tuple[int, ...], images: int, intrinsics: Tensor | None, camera_T_world: Tensor | None) -> None:
        """Check that the scenes make up the batch, and that those of several views have cameras."""
        if sum(views) != images or min(views) < 1:
            raise ValueError(f'views must be at least 1 per scene, {images} in total, found {list(views)}')
        if max(views) > 1:
            for name, camera, size in (('intrinsics', intrinsics, 3), ('camera_T_world', camera_T_world, 4)):
                if camera is None or camera.shape != (images, size, size):
                    found = None if camera is None else tuple(camera.shape)
                    raise DataError(
                        f'scenes of several views need {name} of shape ({images}, {size}, {size}), found {found}; '
                        f'views={views}'
                    )
