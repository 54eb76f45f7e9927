"""The multi-view transformer m(.): attention between the features of the views of a scene."""

import math

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import gelu, pad, scaled_dot_product_attention

from mmmtl.models.necks.cross_view.cached_tensors import cached_tensors
from mmmtl.models.necks.cross_view.neighbours import take_neighbours

SPLITS = 2  # windows per axis
WINDOWS = SPLITS**2
BLOCKED = -100.0  # added to the scores of tokens that are adjacent only after the cyclic shift


class MultiViewTransformer(BaseModule):
    """Updates features (B, V, C, h, w) of V views by attention to each other.

    UniMatch's transformer (TPAMI 2023) in MVSplat's form for several views: blocks of single-head self-attention and
    then cross-attention in 2x2 windows, every second block shifted by half a window. A block updates all views in
    parallel, from their features after the block before. The tokens of all other views share one softmax. 3,150,336
    parameters at 128 channels and six blocks.

    Where we differ: with more than two views the released code of MVSplat orders the shift mask differently from the
    keys and masks wrong tokens; ours masks the right ones (no difference for two views). Self- and cross-attention are
    separate layers instead of a comparison of tensors, and no attention matrix is stored.

    Args:
        channels: Channels C of the features.
        blocks: Number of blocks.
        identity_start: Whether the scales of the norms at the end of each layer start at 0, so that the module first
            returns its input plus the position code. Trained from scratch, features that can be matched are then not
            lost in the noise of six random layers.
    """

    def __init__(self, channels: int = 128, *, blocks: int = 6, identity_start: bool = False) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(CrossViewBlock(channels, shifted=index % 2 == 1) for index in range(blocks))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        if identity_start:
            for block in self.blocks:
                assert isinstance(block, CrossViewBlock)
                nn.init.zeros_(block.self_attention.norm.weight)
                nn.init.zeros_(block.norm.weight)

    def forward(self, features: Tensor, neighbours: Tensor | None = None) -> Tensor:
        """Update the features of all views.

        A single view (V = 1) attends to itself, which gives exactly the result of two copies of the image. The windows
        need an even height and width: the last row or column of an odd map is repeated, and removed at the end.

        Args:
            features: (B, V, C, h, w).
            neighbours: Indices (B, V, M) of the views that each view attends to; None for all others.

        Returns:
            (B, V, C, h, w).
        """
        batch, _, channels, height, width = features.shape
        x = pad(features.flatten(0, 1), (0, width % SPLITS, 0, height % SPLITS), mode='replicate')
        code = window_position_code(channels, x.shape[-2] // SPLITS, x.shape[-1] // SPLITS, x.device)
        x = (x + code.repeat(1, SPLITS, SPLITS)).unflatten(0, (batch, -1)).movedim(2, -1)  # (B, V, h, w, C)
        for block in self.blocks:
            x = block(x, neighbours)
        return x.movedim(-1, 2)[..., :height, :width]


class CrossViewBlock(nn.Module):
    """Self-attention, then cross-attention to the neighbours with a feed-forward part.

    Args:
        channels: Channels of the tokens.
        shifted: Whether the windows are shifted by half their size.
    """

    def __init__(self, channels: int, *, shifted: bool) -> None:
        super().__init__()
        self.shifted = shifted
        self.self_attention = WindowAttention(channels)
        self.cross_attention = WindowAttention(channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(2 * channels, 8 * channels, bias=False)
        self.reduce = nn.Linear(8 * channels, channels, bias=False)

    def forward(self, x: Tensor, neighbours: Tensor | None) -> Tensor:
        """Update x (B, V, h, w, C); neighbours (B, V, M) or None."""
        height, width = x.shape[2:4]
        step = (height // SPLITS // 2, width // SPLITS // 2) if self.shifted else (0, 0)
        mask = shift_mask(height, width, x.device) if self.shifted else None
        tokens = to_windows(x, step)  # (B, V, 4, T, C)
        tokens_out = tokens + self.self_attention(tokens, *self.self_attention.key_value(tokens), mask)
        others = (take_neighbours(x, neighbours) for x in self.cross_attention.key_value(tokens))
        message = self.cross_attention(tokens_out, *(join_neighbours(x) for x in others), mask)
        update = self.reduce(gelu(self.expand(torch.cat((tokens_out, message), dim=-1))))
        return from_windows(tokens_out + self.norm(update), step, height, width)


class WindowAttention(nn.Module):
    """Single-head attention within windows, followed by a linear layer and a norm.

    Args:
        channels: Channels of the tokens.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.merge = (nn.Linear(channels, channels, bias=False) for _ in range(4))
        self.norm = nn.LayerNorm(channels)

    def key_value(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (B, V, 4, T, C) of tokens of the same shape."""
        return self.key(tokens), self.value(tokens)

    def forward(self, tokens: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """Attend from tokens to keys and values.

        Args:
            tokens: (B, V, 4, T, C).
            key: (B, V, 4, M*T, C), of M neighbours.
            value: (B, V, 4, M*T, C).
            mask: (4, T, T), added to the scores of each neighbour.

        Returns:
            (B, V, 4, T, C).
        """
        query = self.query(tokens)
        if mask is not None:
            mask = mask.to(query.dtype).repeat(1, 1, key.shape[3] // mask.shape[-1])
        query, key, value = (x.flatten(0, 1) for x in (query, key, value))  # (N, 4, ., C), windows as heads
        attended = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.norm(self.merge(attended.view_as(tokens)))


def join_neighbours(x: Tensor) -> Tensor:
    """Concatenate the tokens (B, V, M, 4, T, C) of M neighbours as (B, V, 4, M*T, C)."""
    return x.transpose(2, 3).flatten(3, 4)


def to_windows(x: Tensor, step: tuple[int, int]) -> Tensor:
    """Roll maps (B, V, h, w, C) back by ``step`` and split them into windows (B, V, 4, T, C), row by row."""
    x = x.roll((-step[0], -step[1]), dims=(2, 3)) if any(step) else x
    x = x.unflatten(3, (SPLITS, -1)).unflatten(2, (SPLITS, -1))  # (B, V, 2, h/2, 2, w/2, C)
    return x.transpose(3, 4).flatten(4, 5).flatten(2, 3)


def from_windows(x: Tensor, step: tuple[int, int], height: int, width: int) -> Tensor:
    """Invert `to_windows`."""
    x = x.unflatten(3, (height // SPLITS, width // SPLITS)).unflatten(2, (SPLITS, SPLITS))
    x = x.transpose(3, 4).flatten(4, 5).flatten(2, 3)
    return x.roll(step, dims=(2, 3)) if any(step) else x


@cached_tensors
def shift_mask(height: int, width: int, device: torch.device) -> Tensor:
    """Return the mask (4, T, T) of shifted windows: 0 between tokens of one region of the map, else BLOCKED."""

    def regions(size: int) -> Tensor:
        window = size // SPLITS
        start = torch.arange(size, device=device)
        return (start >= size - window).long() + (start >= size - window // 2).long()

    region = 3 * regions(height)[:, None] + regions(width)  # (h, w)
    tokens = to_windows(region[None, None, :, :, None], (0, 0))[0, 0, :, :, 0]  # (4, T)
    return torch.where(tokens[:, :, None] == tokens[:, None], 0.0, BLOCKED)


@cached_tensors
def window_position_code(channels: int, height: int, width: int, device: torch.device) -> Tensor:
    """Return DETR's sine code of the position in a window, (C, height, width): first half for y, second for x."""

    def code(size: int) -> Tensor:
        position = torch.arange(1, size + 1, device=device, dtype=torch.float32) / (size + 1e-6) * 2 * math.pi
        half = channels // 2
        exponent = torch.arange(0, half, 2, device=device, dtype=torch.float32) / half
        phase = position[:, None] / 10000**exponent
        return torch.stack((phase.sin(), phase.cos()), dim=-1).flatten(1).T  # (C/2, size)

    y, x = code(height), code(width)
    return torch.cat((y[:, :, None].expand(-1, -1, width), x[:, None].expand(-1, height, -1)))
