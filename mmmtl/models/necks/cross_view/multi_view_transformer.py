"""The multi-view transformer m(.): features of the views of a scene exchange what they see."""

import math

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import gelu, pad, scaled_dot_product_attention

from mmmtl.models.necks.cross_view.cached_tensors import cached_tensors
from mmmtl.models.necks.cross_view.neighbours import take_neighbours

SPLITS = 2  # windows per axis
WINDOWS = SPLITS**2
BLOCKED = -100.0  # added to the score of tokens that only the cyclic shift brought together


class MultiViewTransformer(BaseModule):
    """Features (B, V, C, h, w) to features (B, V, C, h, w) that know of the other views.

    UniMatch's transformer (TPAMI 2023) in MVSplat's form for several views: blocks of self-attention and then
    cross-attention, single head, in 2x2 windows, every second block shifted by half a window. Inside a block all views
    are updated in parallel, from what the other views were at the end of the block before. The tokens of all other
    views share one softmax. 3,150,336 parameters at 128 channels and six blocks.

    With ``identity_start`` the scales of the norms that end each layer begin at 0, so that at first the features leave
    as they came, but for the position code: trained from nothing, features that can be matched are not buried under the
    noise of six random layers.

    Where we differ: with more than two views the released code of MVSplat lays the shift mask over the keys in another
    order than theirs and so blocks wrong tokens; ours blocks the right ones (the same for two views). Self- and
    cross-attention are told apart by being two layers, not by comparing tensors, and no attention matrix is stored.
    """

    def __init__(self, channels: int = 128, *, blocks: int = 6, identity_start: bool = False) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels, shifted=index % 2 == 1) for index in range(blocks))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        if identity_start:
            for block in self.blocks:
                nn.init.zeros_(block.self_attention.norm.weight)
                nn.init.zeros_(block.norm.weight)

    def forward(self, features: Tensor, neighbours: Tensor | None = None) -> Tensor:
        """Look at the views `neighbours` (B, V, M); None for all others.

        A lone view (V = 1) looks at itself, which is exactly what two copies of the same image give. The windows need
        an even height and width: an odd one is made even by the last row or column once more, cut off at the end.
        """
        batch, _, channels, height, width = features.shape
        x = pad(features.flatten(0, 1), (0, width % SPLITS, 0, height % SPLITS), mode='replicate')
        code = window_position_code(channels, x.shape[-2] // SPLITS, x.shape[-1] // SPLITS, x.device)
        x = (x + code.repeat(1, SPLITS, SPLITS)).unflatten(0, (batch, -1)).movedim(2, -1)  # (B, V, h, w, C)
        for block in self.blocks:
            x = block(x, neighbours)
        return x.movedim(-1, 2)[..., :height, :width]


class Block(nn.Module):
    """Self-attention, then cross-attention to the neighbours with a feed-forward part."""

    def __init__(self, channels: int, *, shifted: bool) -> None:
        super().__init__()
        self.shifted = shifted
        self.self_attention = WindowAttention(channels)
        self.cross_attention = WindowAttention(channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(2 * channels, 8 * channels, bias=False)
        self.reduce = nn.Linear(8 * channels, channels, bias=False)

    def forward(self, x: Tensor, neighbours: Tensor | None) -> Tensor:
        """x (B, V, h, w, C), neighbours (B, V, M) or None."""
        height, width = x.shape[2:4]
        step = (height // SPLITS // 2, width // SPLITS // 2) if self.shifted else (0, 0)
        mask = shift_mask(height, width, x.device) if self.shifted else None
        tokens = to_windows(x, step)  # (B, V, 4, T, C)
        mine = tokens + self.self_attention(tokens, *self.self_attention.key_value(tokens), mask)
        others = (take_neighbours(x, neighbours) for x in self.cross_attention.key_value(tokens))
        message = self.cross_attention(mine, *(side_by_side(x) for x in others), mask)
        update = self.reduce(gelu(self.expand(torch.cat((mine, message), dim=-1))))
        return from_windows(mine + self.norm(update), step, height, width)


class WindowAttention(nn.Module):
    """Single-head attention inside a window, its output mapped and normed: the message that is added to the query."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.merge = (nn.Linear(channels, channels, bias=False) for _ in range(4))
        self.norm = nn.LayerNorm(channels)

    def key_value(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (B, V, 4, T, C) of tokens of the same shape."""
        return self.key(source), self.value(source)

    def forward(self, target: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """Target (B, V, 4, T, C), key and value (B, V, 4, M*T, C), mask (4, T, T), one for each of the M parts."""
        query = self.query(target)
        if mask is not None:
            mask = mask.to(query.dtype).repeat(1, 1, key.shape[3] // mask.shape[-1])
        windows = (x.flatten(0, 1) for x in (query, key, value))  # (N, 4, ., C), the windows in the place of heads
        attended = scaled_dot_product_attention(*windows, attn_mask=mask)
        return self.norm(self.merge(attended.view_as(target)))


def side_by_side(x: Tensor) -> Tensor:
    """The tokens (B, V, M, 4, T, C) of M neighbours as one row of tokens (B, V, 4, M*T, C)."""
    return x.transpose(2, 3).flatten(3, 4)


def to_windows(x: Tensor, step: tuple[int, int]) -> Tensor:
    """Maps (B, V, h, w, C), rolled back by `step`, to windows (B, V, 4, T, C), row by row."""
    x = x.roll((-step[0], -step[1]), dims=(2, 3)) if any(step) else x
    x = x.unflatten(3, (SPLITS, -1)).unflatten(2, (SPLITS, -1))  # (B, V, 2, h/2, 2, w/2, C)
    return x.transpose(3, 4).flatten(4, 5).flatten(2, 3)


def from_windows(x: Tensor, step: tuple[int, int], height: int, width: int) -> Tensor:
    """The inverse of `to_windows`."""
    x = x.unflatten(3, (height // SPLITS, width // SPLITS)).unflatten(2, (SPLITS, SPLITS))
    x = x.transpose(3, 4).flatten(4, 5).flatten(2, 3)
    return x.roll(step, dims=(2, 3)) if any(step) else x


@cached_tensors
def shift_mask(height: int, width: int, device: torch.device) -> Tensor:
    """What to add to the scores in the shifted windows, (4, T, T): 0 within a region of the map, else BLOCKED."""

    def regions(size: int) -> Tensor:
        window = size // SPLITS
        start = torch.arange(size, device=device)
        return (start >= size - window).long() + (start >= size - window // 2).long()

    region = 3 * regions(height)[:, None] + regions(width)  # (h, w)
    tokens = to_windows(region[None, None, :, :, None], (0, 0))[0, 0, :, :, 0]  # (4, T)
    return torch.where(tokens[:, :, None] == tokens[:, None], 0.0, BLOCKED)


@cached_tensors
def window_position_code(channels: int, height: int, width: int, device: torch.device) -> Tensor:
    """DETR's sine code of the place within a window, (C, height, width): half the channels for y, half for x."""

    def code(size: int) -> Tensor:
        place = torch.arange(1, size + 1, device=device, dtype=torch.float32) / (size + 1e-6) * 2 * math.pi
        half = channels // 2
        exponent = torch.arange(0, half, 2, device=device, dtype=torch.float32) / half
        phase = place[:, None] / 10000**exponent
        return torch.stack((phase.sin(), phase.cos()), dim=-1).flatten(1).T  # (C/2, size)

    y, x = code(height), code(width)
    return torch.cat((y[:, :, None].expand(-1, -1, width), x[:, None].expand(-1, height, -1)))
