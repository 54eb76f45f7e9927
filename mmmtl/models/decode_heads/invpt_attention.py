"""InvPT's attention over the tokens of all tasks; its scores are passed on to the next stage."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEADS = 2


class CrossTaskAttention(nn.Module):
    """Attention of every pixel of every task to every pixel of every task, at a reduced resolution.

    Queries are computed by a depthwise 3x3 convolution of stride 2 per task, keys and values by average pooling. Scores
    are divided by the square root of all C channels, not of those per head, as in the released code, and mixed with
    those of the previous stage by a 1x1 convolution over the heads of both.

    Args:
        tasks: Names of the T tasks.
        channels: C, a multiple of the number of heads, 2.
        pool: Kernel and stride of the pooling.
        takes_scores: Whether there is a previous stage, whose scores are mixed in.
        messages: False for attention within each task only.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        channels: int,
        *,
        pool: int,
        takes_scores: bool,
        messages: bool,
    ) -> None:
        super().__init__()
        self.tasks, self.pool, self.messages, self.scale = tuple(tasks), pool, messages, channels**-0.5
        self.reduce = nn.ModuleDict({name: DepthwiseHalving(channels) for name in tasks})
        self.query, self.key, self.value, self.out = (linear(channels, channels) for _ in range(4))
        self.mix_scores = nn.Conv2d(2 * HEADS, HEADS, 1) if takes_scores else None

    def forward(self, x: Tensor, scores: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the update of the tokens, and the scores.

        Args:
            x: Normalized tokens (N, T, h, w, C), h and w even and multiples of ``pool``.
            scores: Scores (N, heads, T, h / 4, w / 4, K) of the previous stage; None in the first one.

        Returns:
            (N, T, h, w, C), and the scores (N, heads, T, h / 2, w / 2, K), before the softmax, with K = T h w / pool^2.
        """
        count, tasks, height, width, channels = x.shape
        maps = x.permute(0, 1, 4, 2, 3)  # (N, T, C, h, w)
        reduced = torch.stack([self.reduce[name](maps[:, index]) for index, name in enumerate(self.tasks)], 1)
        query = self._heads(self.query(reduced.permute(0, 1, 3, 4, 2)))
        pooled = F.avg_pool2d(maps.flatten(0, 1), self.pool).unflatten(0, (count, tasks)).permute(0, 1, 3, 4, 2)
        key, value = self._heads(self.key(pooled)), self._heads(self.value(pooled))
        found = query @ key.transpose(-2, -1) * self.scale  # (N, heads, T h w / 4, K)
        if self.mix_scores is not None:
            assert scores is not None, 'this stage needs the scores of the previous one'
            found = self.mix_scores(torch.cat([found, enlarged_scores(scores)], 1))
        allowed = found if self.messages else found.masked_fill(self._of_another_task(found), -torch.inf)
        result = self.out((allowed.softmax(-1) @ value).transpose(1, 2).flatten(2))  # (N, T h w / 4, C)
        coarse = result.view(count * tasks, height // 2, width // 2, channels).permute(0, 3, 1, 2)
        fine = F.interpolate(coarse, (height, width), mode='bilinear', align_corners=False)
        new_scores = found.unflatten(2, (tasks, height // 2, width // 2))
        return fine.permute(0, 2, 3, 1).unflatten(0, (count, tasks)), new_scores

    @staticmethod
    def _heads(tokens: Tensor) -> Tensor:
        """Split (N, T, h, w, C) into heads, (N, heads, T h w, C / heads)."""
        return tokens.flatten(1, 3).unflatten(-1, (HEADS, -1)).transpose(1, 2)

    def _of_another_task(self, scores: Tensor) -> Tensor:
        """Return a mask (Q, K), True where query and key of scores (..., Q, K) belong to different tasks."""
        queries, keys = (
            torch.arange(len(self.tasks), device=scores.device).repeat_interleave(length // len(self.tasks))
            for length in scores.shape[-2:]
        )
        return queries[:, None] != keys


class DepthwiseHalving(nn.Module):
    """A depthwise 3x3 convolution of stride 2 and batch norm; (N, C, h, w) -> (N, C, h / 2, w / 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Halve a map; with one value per channel, hence no variance, use running statistics in training too."""
        x, bn = self.conv(x), self.bn
        if self.training and x.numel() == x.shape[1]:
            return F.batch_norm(x, bn.running_mean, bn.running_var, bn.weight, bn.bias, eps=bn.eps)
        return bn(x)


class AttentionBlock(nn.Module):
    """x + attention(LN(x)), then x + MLP(LN(x)) with 4 C hidden channels; arguments: see `CrossTaskAttention`."""

    def __init__(self, tasks: Sequence[str], channels: int, *, pool: int, takes_scores: bool, messages: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attention = CrossTaskAttention(tasks, channels, pool=pool, takes_scores=takes_scores, messages=messages)
        self.mlp = nn.Sequential(linear(channels, 4 * channels), nn.GELU(), linear(4 * channels, channels))

    def forward(self, x: Tensor, scores: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the tokens (N, T, h, w, C) and the scores of this stage."""
        message, scores = self.attention(self.norm1(x), scores)
        x = x + message
        return x + self.mlp(self.norm2(x)), scores


class JointLayerNorm(nn.Module):
    """LayerNorm over the channels of all T tasks of a pixel, with weights per task.

    Args:
        tasks: Names of the T tasks.
        channels: C, of each task.
        messages: False for a LayerNorm of each task alone.
    """

    def __init__(self, tasks: Sequence[str], channels: int, *, messages: bool) -> None:
        super().__init__()
        self.tasks, self.messages = tuple(tasks), messages
        self.weight = nn.ParameterDict({name: nn.Parameter(torch.ones(channels)) for name in tasks})
        self.bias = nn.ParameterDict({name: nn.Parameter(torch.zeros(channels)) for name in tasks})

    def forward(self, x: Tensor) -> Mapping[str, Tensor]:
        """Normalize (N, T, h, w, C); return ``{task: (N, C, h, w)}``."""
        x = x.permute(0, 2, 3, 1, 4)  # (N, h, w, T, C)
        x = F.layer_norm(x, x.shape[3:] if self.messages else x.shape[4:])
        return {
            name: (x[..., index, :] * self.weight[name] + self.bias[name]).permute(0, 3, 1, 2)
            for index, name in enumerate(self.tasks)
        }


def enlarged_scores(scores: Tensor) -> Tensor:
    """Double the query grid of scores (N, heads, T, h, w, K); return (N, heads, 4 T h w, K)."""
    count, heads, tasks, height, width, _ = scores.shape
    grids = scores.permute(0, 1, 2, 5, 3, 4).flatten(0, 2)  # (N heads T, K, h, w)
    grids = F.interpolate(grids, (2 * height, 2 * width), mode='bilinear', align_corners=False)
    return grids.flatten(2).unflatten(0, (count, heads, tasks)).transpose(3, 4).flatten(2, 3)


def linear(in_channels: int, out_channels: int) -> nn.Linear:
    """Build a linear layer with truncated normal weights of standard deviation 0.02, and bias 0."""
    layer = nn.Linear(in_channels, out_channels)
    nn.init.trunc_normal_(layer.weight, std=0.02)
    nn.init.zeros_(layer.bias)
    return layer
