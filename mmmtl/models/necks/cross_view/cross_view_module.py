"""CvM's neck: the backbone's features of every view, concatenated with features and costs of cross-view matching."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmmtl.models.batch_context import BatchContext
from mmmtl.models.necks.cross_view.fusion import Fusion
from mmmtl.models.necks.cross_view.map_resizing import resize_and_crop, resize_to_stride
from mmmtl.models.necks.cross_view.spatial_encoder import SpatialEncoder
from mmmtl.models.necks.cross_view.view_matching import ViewMatching
from mmmtl.models.necks.neck import NeckOutput
from mmmtl.models.nested_options import build_nested
from mmmtl.registry import MODELS


@MODELS.register_module()
class CrossViewModule(ViewMatching):
    """concat(f(I_i), C_i, F_i) for every view i and selected feature (tap) of the backbone f (arXiv 2511.20646).

    F = m(s(I)) are the cross-view features (128 channels at 1/8), C is the cost volume; all tasks and taps share both.
    In scenes of up to three views each view is matched with all others, in larger ones with the two of nearest camera
    centre. A single view is matched with itself: as two equal views stay equal in every layer and match equally at
    every plane, one copy is computed, without warp or camera. A batch may mix scenes of different numbers of views.

    Not specified in the paper, and chosen here: taps are resized to 1/8, all of them get C and F, plain concatenation,
    128 planes between 0.1 m and 10 km ("paper"). Where we differ from the code it builds on: every view has its own
    intrinsics, pixel centres are exact, and points behind the camera are invisible.

    Args:
        in_channels: Channels of the backbone's taps, fine to coarse; passed by the model.
        strides: Strides of the backbone's taps, in the same order; passed by the model.
        cost_volume: Options of `CostVolume`: ``planes``, ``depth_range``, ``chunk_bytes``, ``centred``.
        transformer: Options of m(.), `MultiViewTransformer`: ``blocks`` (6), ``identity_start``.
        fusion: Options of `Fusion`: ``parts``, ``taps``, ``stride``, ``project``.
        features_from: Input of s(.): ``'images'`` for its own CNN, or the index of a tap, which is resized to
            ``stride`` and mapped to 128 channels.
        stride: Stride at which views are matched; 4 and 2 are for images so small that no parallax is left at 1/8.
        init_cfg: For example ``dict(type='Pretrained', checkpoint=...)`` with converted UniMatch weights.

    Raises:
        ConfigError: An option is unknown or out of range.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        cost_volume: dict | None = None,
        transformer: dict | None = None,
        fusion: dict | None = None,
        features_from: str | int = 'images',
        stride: int = 8,
        init_cfg: dict | None = None,
    ) -> None:
        options = build_nested(Fusion, fusion or {}, 'CrossViewModule.fusion')
        super().__init__(
            in_channels,
            strides,
            cost_volume=(cost_volume or {}) if 'cost' in options.parts else None,
            transformer=transformer,
            features_from=features_from,
            stride=stride,
            init_cfg=init_cfg,
        )
        self.fusion, self.taps = options, options.selected(in_channels)
        features = SpatialEncoder.channels if 'features' in self.fusion.parts else 0
        added = features + (self.cost_volume.planes if self.cost_volume else 0)
        width = in_channels[self.taps[0]]
        self.project = nn.Conv2d(width + added, width, 1) if self.fusion.project else None
        wider = 0 if self.fusion.project else added
        self.out_channels = tuple(c + wider if i in self.taps else c for i, c in enumerate(in_channels))
        self.strides = tuple(self.fusion.stride or s if i in self.taps else s for i, s in enumerate(strides))

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> NeckOutput:
        """Match the views of each scene and concatenate C and F to the selected taps.

        Args:
            features: The taps (N, C_i, h_i, w_i), fine to coarse.
            context: The batch. Images have any size; if the height or width of the matched features is odd, the
                transformer repeats their last row or column.

        Returns:
            The taps, of which the selected ones have more channels (`out_channels`), and the output of `match`.
        """
        matched = self.match(
            features,
            context.images,
            views=context.views,
            intrinsics=context.intrinsics,
            camera_T_world=context.camera_T_world,
        )
        return NeckOutput(self.join(features, matched, context.image_shape), matched)

    def join(
        self, features: tuple[Tensor, ...], matched: Mapping[str, Tensor], image_size: tuple[int, int]
    ) -> tuple[Tensor, ...]:
        """Concatenate the output of `match` to the selected taps.

        Args:
            features: The taps, fine to coarse.
            matched: Output of `match`.
            image_size: Size (H, W) of the images.
        """
        if self.cost_volume is not None and self.cost_volume.centred:
            matched = {**matched, 'cost': centred(matched['cost'])}
        added = [matched[part] for part in self.fusion.parts]
        return tuple(
            self._join(tap, index, added, image_size) if index in self.taps else tap
            for index, tap in enumerate(features)
        )

    def _join(self, tap: Tensor, index: int, added: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Concatenate maps to one tap, at its output stride."""
        stride = self.strides[index]
        tap = resize_to_stride(tap, self.tap_strides[index], stride, size)
        added = [resize_and_crop(x, self.stride / stride, (tap.shape[-2], tap.shape[-1])) for x in added]
        joined = torch.cat((tap, *added), dim=1)
        return joined if self.project is None else self.project(joined)


def centred(cost: Tensor) -> Tensor:
    """Subtract the mean over the planes from a cost (N, D, h, w).

    Equal costs give 0 up to rounding. In an exported graph, the costs are first taken relative to the first plane, so
    that equal costs give exactly 0 in every runtime: other runtimes sum in a different order, and a difference that is
    small against the cost is not small against 0.
    """
    if torch.compiler.is_compiling():
        cost = cost - cost[:, :1]
    return cost - cost.mean(dim=1, keepdim=True)
