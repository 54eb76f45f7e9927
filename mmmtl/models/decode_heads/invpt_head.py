"""InvPT: intermediate predictions, then attention over the tokens of all tasks at increasing resolution."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.conv_head import classifier, conv_block
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput, IntermediateStage
from mmmtl.models.decode_heads.invpt_stage import InvPTStage
from mmmtl.models.decode_heads.one_stride import resize_feature, size_at
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.registry import MODELS
from mmmtl.tasks import Task

STAGE = 'intermediate'


@MODELS.register_module()
class InvPTHead(DecodeHead):
    """InvPT (Ye and Xu, "Inverted pyramid multi-task transformer for dense scene understanding", ECCV 2022).

    1. The last map is halved. Per task, two 3x3 blocks compute features, and a 1x1 convolution computes intermediate
       logits, which are trained too. A 1x1 convolution of both, concatenated, computes the tokens of the task.
    2. Three stages (`InvPTStage`) of widths C, C/2 and C/4, at half, once and twice the resolution of the maps: the
       tokens of all tasks attend to each other, and the scores are passed on from stage to stage. The second map
       is added at the second stage, the first one at the third.
    3. The tokens of all stages are normalized, resized to four times the resolution of the maps and summed. Per task, a
       3x3 block and a 1x1 convolution follow.

    The paper uses a plain ViT with four taps: `ViTBackbone` with ``out_indices=(5, 11, 17, 23)`` for ViT-L. The
    released code does not use the third one. Here, three maps are enough: the first, the second and the last are used.
    The maps of a feature pyramid are first resized to ``stride``.

    Where we differ: parameters of the released code that no output uses are not built (``norm_mt``, ``redu_chan.0``,
    ``scale_embed.2`` and ``fuse_attn`` of the first stage); neither is the drop path of its decoder, whose rate is
    always 0; and the last layers have small initial weights, see `classifier`.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, H / s, W / s)},
    s = ``stride`` / 4, and the stage ``intermediate`` at 2 ``stride``.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        channels: C, width of the first stage, a multiple of 8.
        intermediate_channels: Width of the features of the intermediate predictions.
        intermediate_weight: Weight of the losses of the intermediate predictions, > 0.
        stride: Stride of the maps; heights and widths of images are padded to multiples of 4 ``stride``.
        messages: False for attention and norms within each task, so that tasks exchange no features.

    Raises:
        ConfigError: There are fewer than three features, or an option is out of range.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        channels: int = 576,
        intermediate_channels: int = 512,
        intermediate_weight: float = 1.0,
        stride: int = 16,
        messages: bool = True,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        if len(in_channels) < 3:
            raise ConfigError(f'InvPTHead needs three or more maps, found {len(in_channels)}; add some to out_indices')
        if channels <= 0 or channels % 8:
            raise ConfigError(f'InvPTHead.channels must be a positive multiple of 8, found {channels}')
        if not intermediate_weight > 0:
            raise ConfigError(f'InvPTHead.intermediate_weight must be > 0, found {intermediate_weight}')
        if stride < 4 or stride % 4:
            raise ConfigError(f'InvPTHead.stride must be a positive multiple of 4, found {stride}')
        self.stride, self.intermediate_weight = stride, intermediate_weight
        self.size_constraint = SizeConstraint(multiple=4 * stride)
        fine, middle, coarse = in_channels[0], in_channels[1], in_channels[-1]
        self.preliminary, self.preliminary_logits, self.mix = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        self.fuse, self.classifiers = nn.ModuleDict(), nn.ModuleDict()
        for name, task in tasks.items():
            self.preliminary[name] = nn.Sequential(
                conv_block(coarse, coarse, 3, norm='BN'), conv_block(coarse, intermediate_channels, 3, norm='BN')
            )
            self.preliminary_logits[name] = classifier(intermediate_channels, task.channels)
            self.mix[name] = nn.Conv2d(intermediate_channels + task.channels, channels, 1)
            self.fuse[name] = _last_block(channels)
            self.classifiers[name] = classifier(channels, task.channels)
        skips = (
            None,
            nn.Conv2d(middle, channels // 2, 3, padding=1),
            nn.ConvTranspose2d(fine, channels // 4, 3, stride=2, padding=1, output_padding=1),
        )
        self.stages = nn.ModuleList(
            InvPTStage(list(tasks), index, channels, skip=skip, messages=messages) for index, skip in enumerate(skips)
        )

    @property
    def intermediate_stages(self) -> dict[str, IntermediateStage]:
        """The intermediate predictions of all tasks."""
        return {STAGE: IntermediateStage(self.tasks, self.intermediate_weight)}

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return final and intermediate logits of every task."""
        size = size_at(context.image_shape, 1, self.stride)
        fine, middle, coarse = (resize_feature(features[index], size) for index in (0, 1, -1))
        x = F.avg_pool2d(coarse, 2)  # bilinear resizing by one half
        preliminary, tokens = {}, []
        for name in self.tasks:
            hidden = self.preliminary[name](x)
            preliminary[name] = self.preliminary_logits[name](hidden)
            tokens.append(self.mix[name](torch.cat([hidden, preliminary[name]], 1)))
        maps = self.decode(torch.stack(tokens, 1).permute(0, 1, 3, 4, 2), (None, middle, fine))
        logits = {name: self.classifiers[name](self.fuse[name](maps[name])) for name in self.tasks}
        return HeadOutput(logits, {STAGE: preliminary})

    def decode(self, tokens: Tensor, taps: Sequence[Tensor | None]) -> dict[str, Tensor]:
        """Run all stages and sum their outputs.

        Args:
            tokens: (N, T, h / 2, w / 2, C).
            taps: Map (N, in_channels, h, w) of the backbone for each stage; None for the first.

        Returns:
            ``{task: (N, C, 4 h, 4 w)}``.
        """
        size = 8 * tokens.shape[2], 8 * tokens.shape[3]
        scores, maps = None, []
        for module, tap in zip(self.stages, taps, strict=True):
            stage = cast(InvPTStage, module)
            tokens, scores = stage(tokens, tap, scores)
            maps.append(stage.read_out(tokens, size))
        return {name: maps[0][name] + maps[1][name] + maps[2][name] for name in self.tasks}


def _last_block(channels: int) -> nn.Sequential:
    """Build conv3x3 - BN - ReLU, whose convolution has a bias in the released code."""
    conv = nn.Conv2d(channels, channels, 3, padding=1)
    nn.init.trunc_normal_(conv.weight, std=0.02)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU())
