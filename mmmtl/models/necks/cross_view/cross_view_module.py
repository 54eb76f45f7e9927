"""CvM's neck: the backbone's features of every view, joined with what the views of a scene say of each other."""

import math
from collections.abc import Mapping, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import resize_intrinsics
from mmmtl.models.necks.cross_view.cost_volume import CostVolume
from mmmtl.models.necks.cross_view.match_pictures import Confidence, match_drawers
from mmmtl.models.necks.cross_view.multi_view_transformer import MultiViewTransformer
from mmmtl.models.necks.cross_view.neighbours import nearest_views
from mmmtl.models.necks.cross_view.scenes import scenes_by_views, take_rows
from mmmtl.models.necks.cross_view.spatial_encoder import SpatialEncoder
from mmmtl.registry import MODELS
from mmmtl.tasks import Depth, Task

PARTS = ('cost', 'features')


@MODELS.register_module()
class CrossViewModule(BaseModule):
    """concat(f(I_i), C_i, F_i) for every view i and chosen tap of the backbone f (arXiv 2511.20646).

    F = m(s(I)) are the cross-view features (128 channels at 1/8), C the cost volume; both are shared by all tasks and
    taps. A view alone in its scene is its own neighbour: as two equal views stay equal in every layer and match equally
    at every plane, one copy is computed, without warp and without camera. Scenes of different numbers of views may lie
    in one batch. Up to three views every view looks at all others, above at the two whose cameras stand nearest.

    What the paper leaves open, and what is taken: taps are resized to 1/8, all of them get C and F, plain
    concatenation, 128 planes between 0.1 m and 10 km ("paper"). Where we differ from the code it builds on: every view
    has its own intrinsics, pixel centres are exact, points behind the camera are not seen.

    Args:
        in_channels: of the backbone's taps.
        strides: of the backbone's taps.
        cost_volume: arguments of `CostVolume`: planes, depth_range, chunk_bytes.
        fuse: what is concatenated, 'cost', 'features' or both.
        taps: indices of the taps that take part, the others pass unchanged; None for all.
        fusion_stride: the stride to which the chosen taps are resized (8, or 16), None to keep each tap's own; C and F
            are resized to it.
        project: bring the concatenation back to the width of the taps by one 1x1 convolution that the taps share.
        features_from: input of s(.): 'images' for its own CNN, or the index of a tap, which is resized to `stride` and
            mapped to 128 channels.
        blocks: of m(.).
        centred_cost: join C less its mean over the planes. What is common to all planes says nothing of depth, and a
            lone view's C becomes 0, whatever the size of its features; for training from nothing.
        identity_start: whether m(.) lets s(.) pass at first, see `MultiViewTransformer`; for training from nothing.
        stride: at which views are matched; 4 and 2 are for images so small that at 1/8 no parallax is left.
        init_cfg: for example `dict(type='Pretrained', checkpoint=...)` with converted UniMatch weights.
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
            raise ConfigError(f'fuse takes one or both of {PARTS}, found {tuple(fuse)}')
        self.fuse, self.centred_cost = tuple(part for part in PARTS if part in fuse), centred_cost
        self.tap_strides = tuple(strides)
        self.taps = tuple(range(len(in_channels))) if taps is None else tuple(taps)
        if not self.taps or not set(self.taps) <= set(range(len(in_channels))):
            raise ConfigError(f'expected taps among 0..{len(in_channels) - 1}, found {self.taps}')
        channels = SpatialEncoder.channels
        self.spatial_encoder, self.tap_encoder, self.features_from, self.stride = None, None, features_from, stride
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
            raise ConfigError(f'a shared projection needs taps of one width, found {sorted(widths)}')
        self.project = nn.Conv2d(min(widths) + added, min(widths), 1) if project else None
        wider = 0 if project else added
        self.out_channels = tuple(c + wider if i in self.taps else c for i, c in enumerate(in_channels))
        self.strides = tuple(fusion_stride or s if i in self.taps else s for i, s in enumerate(strides))

    @property
    def depth_range(self) -> tuple[float, float] | None:
        """(nearest, farthest) plane in metres, None without a cost volume."""
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
        """The backbone's taps (N, C_i, h_i, w_i), the chosen ones with C and F beside them.

        Args:
            features: the taps, fine to coarse.
            images: (N, 3, H, W) as the preprocessor gives them, ImageNet-normalised. Any size; where H / 8 is odd, the
                last row of features is repeated inside the transformer.
            views: how many views each scene has; they lie side by side in the batch axis, N in sum. None: one each.
            intrinsics: (N, 3, 3) in pixels of `images`. Rows of lone views are not read; none needed if all are alone.
            camera_T_world: (N, 4, 4), likewise.
        """
        matched = self.match(features, images, views=views, intrinsics=intrinsics, camera_T_world=camera_T_world)
        return self.join(features, matched, images.shape[-2:])

    def join(
        self, features: tuple[Tensor, ...], matched: dict[str, Tensor], image_size: tuple[int, int]
    ) -> tuple[Tensor, ...]:
        """The taps, the chosen ones with what `match` found beside them."""
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
        """What the views say of each other: 'features' F (N, 128, h, w), 'cost' C (N, D, h, w), 'planes' (D,) in 1 / m.

        h and w are an eighth of the images' by default. Without a cost volume there are features alone.
        """
        views = (1,) * len(images) if views is None else tuple(views)
        self._check(views, len(images), intrinsics, camera_T_world)
        spatial = self._spatial_features(features, images)
        if intrinsics is not None:
            intrinsics = resize_intrinsics(intrinsics.float(), 1 / self.stride, 1 / self.stride)
        groups, back = scenes_by_views(views, images.device)
        matched = [
            self._match_scenes(*(x if x is None else take_rows(x, rows) for x in (spatial, intrinsics, camera_T_world)))
            for rows in groups
        ]
        if len(matched) == 1:
            joint = matched[0]
        else:
            joint = {part: torch.cat([group[part] for group in matched]).index_select(0, back) for part in matched[0]}
        if self.cost_volume is not None:
            joint['planes'] = self.cost_volume.inverse_depths(images.device)
        return joint

    def aux_maps(self, matched: dict[str, Tensor]) -> dict[str, Tensor]:
        """Maps (N, 1, h, w) of what `match` found: the best plane's depth in metres, its share of the softmax.

        A lone view matches equally at every plane, so its maps say nothing.
        """
        if self.cost_volume is None:
            return {}
        depth, confidence = self.cost_volume.best_depth(matched['cost'])
        return {'matched': depth, 'confidence': confidence}

    def visualizers(self, tasks: Mapping[str, Task]) -> dict[str, Depth | Confidence]:
        """How the maps of `explain` are drawn beside those of the tasks."""
        return match_drawers(tasks) if self.cost_volume else {}

    def _match_scenes(
        self, spatial: Tensor, intrinsics: Tensor | None, camera_T_world: Tensor | None
    ) -> dict[str, Tensor]:
        """`match` for scenes of the same number of views, (B, V, ...); the result has them in one axis again."""
        alone = spatial.shape[1] == 1
        neighbours = None if alone else nearest_views(camera_T_world)
        crossed = self.transformer(spatial, neighbours)  # (B, V, C, h, w)
        matched = {'features': crossed.flatten(0, 1)}
        if self.cost_volume is not None and alone:
            matched['cost'] = self.cost_volume.of_single_view(matched['features'])
        elif self.cost_volume is not None:
            matched['cost'] = self.cost_volume(crossed, intrinsics, camera_T_world, neighbours).flatten(0, 1)
        return matched

    def _spatial_features(self, features: tuple[Tensor, ...], images: Tensor) -> Tensor:
        """s(I), (N, 128, H / stride, W / stride)."""
        if self.spatial_encoder is not None:
            return self.spatial_encoder(images)
        tap = at_stride(
            features[self.features_from], self.tap_strides[self.features_from], self.stride, images.shape[-2:]
        )
        return self.tap_encoder(tap)

    def _join(self, tap: Tensor, index: int, added: list[Tensor], size: tuple[int, int]) -> Tensor:
        """One tap with the added maps beside it, at the stride it leaves with."""
        stride = self.strides[index]
        tap = at_stride(tap, self.tap_strides[index], stride, size)
        added = [resized(x, self.stride / stride, tap.shape[-2:]) for x in added]
        joined = torch.cat((tap, *added), dim=1)
        return joined if self.project is None else self.project(joined)

    @staticmethod
    def _check(views: tuple[int, ...], images: int, intrinsics: Tensor | None, camera_T_world: Tensor | None) -> None:
        """Raise if the scenes do not account for the batch, or a scene of several views has no camera."""
        if sum(views) != images or min(views) < 1:
            raise ValueError(f'expected scenes of at least one view, {images} in sum, found {list(views)}')
        if max(views) > 1:
            for name, camera, size in (('intrinsics', intrinsics, 3), ('camera_T_world', camera_T_world, 4)):
                if camera is None or camera.shape != (images, size, size):
                    found = None if camera is None else tuple(camera.shape)
                    raise DataError(
                        f'scenes of several views need {name} ({images}, {size}, {size}), found {found}; views={views}'
                    )


def at_stride(x: Tensor, stride: int, new_stride: int, image_size: tuple[int, int]) -> Tensor:
    """A map of images of `image_size` brought from one stride to another; its pixels keep covering the same place."""
    if stride == new_stride:
        return x
    return resized(x, stride / new_stride, tuple(math.ceil(length / new_stride) for length in image_size))


def resized(x: Tensor, scale: float, size: tuple[int, int]) -> Tensor:
    """The map, `scale` times as large, cut to `size`: means when it shrinks, bilinear when it grows."""
    whole = tuple(max(round(length * scale), least) for length, least in zip(x.shape[-2:], size, strict=True))
    if whole != tuple(x.shape[-2:]):
        mode = {'mode': 'area'} if scale < 1 else {'mode': 'bilinear', 'align_corners': False}
        x = interpolate(x, size=whole, **mode)
    return x[..., : size[0], : size[1]]
