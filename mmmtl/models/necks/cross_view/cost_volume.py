"""The cost volume e(.): the similarity of every pixel to other views, for every candidate depth."""

import math

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmmtl.errors import ConfigError
from mmmtl.geometry import (
    DEPTH_RANGES,
    at_least_float32,
    inverse_depth_planes,
    relative_pose,
    sampling_grid,
    sweep_positions,
)
from mmmtl.models.necks.cross_view.neighbours import take_neighbours

ZERO_PADDING, BILINEAR = 0, 0  # enum values of aten


class CostVolume(torch.nn.Module):
    """Similarities (B, V, D, h, w) of features (B, V, C, h, w) and cameras, without parameters.

        C_i[k](u) = mean over neighbours j of  <F_i(u), F_j(x)> / sqrt(C),   x = projection of u at plane k into view j

    with F_j sampled bilinearly and zero outside of the view (MVSplat, ECCV 2024). Sampling is linear, so the product
    with the warped feature is the sample at x of the map of products <F_i(u), .>: one matrix product, then four values
    per plane instead of 4 C. The warped features (B, V, C, D, h, w) are never materialized. The products are computed
    for chunks of pixels, and the backward pass does not recompute them.

    Geometry is float32 even under autocast and gets no gradient; the matrix product has autocast's dtype.

    Args:
        planes: Number D of candidate depths, equally spaced in inverse depth, the farthest first.
        depth_range: ``'paper'``, ``'indoor'`` or (near, far) in metres.
        chunk_bytes: Memory in bytes of the products of one chunk of pixels.
        centred: Whether `CrossViewModule` concatenates C minus its mean over the planes, for training from scratch. The
            mean carries no information about depth; without it, the C of a single view is 0 for features of any scale.

    Raises:
        ConfigError: The depth range is unknown or empty, or there are fewer than two planes.
    """

    def __init__(
        self,
        *,
        planes: int = 128,
        depth_range: str | tuple[float, float] = 'paper',
        chunk_bytes: int = 2**25,
        centred: bool = False,
    ) -> None:
        super().__init__()
        if isinstance(depth_range, str) and depth_range not in DEPTH_RANGES:
            raise ConfigError(
                f'cost_volume.depth_range: expected one of {sorted(DEPTH_RANGES)} or (near, far), found {depth_range!r}'
            )
        self.near, self.far = DEPTH_RANGES[depth_range] if isinstance(depth_range, str) else depth_range
        if not 0 < self.near < self.far or planes < 2:
            raise ConfigError(
                f'cost_volume: expected 0 < near < far and planes > 1, found {depth_range} and {planes} planes'
            )
        self.planes, self.chunk_bytes, self.centred = planes, chunk_bytes, centred

    def extra_repr(self) -> str:
        return f'planes={self.planes}, near={self.near}, far={self.far}'

    def forward(
        self, features: Tensor, intrinsics: Tensor, camera_T_world: Tensor, neighbours: Tensor | None = None
    ) -> Tensor:
        """Compute the similarities (B, V, D, h, w) of V > 1 views.

        Args:
            features: (B, V, C, h, w).
            intrinsics: (B, V, 3, 3) in pixels of the features.
            camera_T_world: (B, V, 4, 4).
            neighbours: Indices (B, V, M) of the views that each view is matched with; None for all others.
        """
        batch, views, _, height, width = features.shape
        source_T_world, source_intrinsics = (take_neighbours(x, neighbours) for x in (camera_T_world, intrinsics))
        source_T_reference = relative_pose(source_T_world, camera_T_world[:, :, None])  # (B, V, M, 4, 4)
        positions = sweep_positions(
            intrinsics[:, :, None].expand_as(source_intrinsics).flatten(0, 2),
            source_intrinsics.flatten(0, 2),
            source_T_reference.flatten(0, 2),
            self.inverse_depths(features.device),
            (height, width),
        )  # (B*V*M, 2, D, h*w)
        sources = take_neighbours(features, neighbours)  # (B, V, M, C, h, w)
        references = features[:, :, None].expand_as(sources)
        cost = sampled_correlation(references.flatten(0, 2), sources.flatten(0, 2), positions, self.chunk_bytes)
        return cost.view(batch, views, -1, self.planes, height, width).mean(dim=2)

    def inverse_depths(self, device: torch.device | None = None) -> Tensor:
        """Return the inverse depths of the planes, (D,) in 1 / m."""
        return inverse_depth_planes(self.near, self.far, self.planes, device=device)

    def single_view_cost(self, features: Tensor) -> Tensor:
        """Match views (N, C, h, w) with themselves: |F|^2 / sqrt(C) at every plane, (N, D, h, w)."""
        with torch.autocast(features.device.type, enabled=False):
            features = at_least_float32(features)
            similarity = features.square().sum(dim=1, keepdim=True) / math.sqrt(features.shape[1])
        return similarity.expand(-1, self.planes, -1, -1)

    def best_depth(self, cost: Tensor) -> tuple[Tensor, Tensor]:
        """Return depth in metres and softmax probability of the best plane of (N, D, h, w), both (N, 1, h, w)."""
        confidence, plane = cost.float().softmax(dim=1).max(dim=1, keepdim=True)
        return 1 / self.inverse_depths(cost.device)[plane], confidence


def sampled_correlation(reference: Tensor, source: Tensor, positions: Tensor, chunk_bytes: int = 2**25) -> Tensor:
    """Compute <reference(u), source(x)> / sqrt(C) for every pixel u and each of its D positions x.

    Args:
        reference: (P, C, h, w).
        source: (P, C, hs, ws).
        positions: (P, 2, D, h * w) in pixels of the source; gets no gradient.
        chunk_bytes: Memory in bytes of the correlations of one chunk.

    Returns:
        (P, D, h, w), float32 or float64.
    """
    device = reference.device.type
    scale = reference.shape[1] ** -0.25
    reference, source = reference * scale, source * scale
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        reference, source = reference.to(dtype), source.to(dtype)
    with torch.autocast(device, enabled=False):
        positions = positions.to(torch.promote_types(reference.dtype, torch.float32))
        cost = _SampledCorrelation.apply(reference.flatten(2), source, positions, chunk_bytes)
    return cost.unflatten(-1, reference.shape[-2:])


class _SampledCorrelation(torch.autograd.Function):
    """The sampled correlation and its gradient, computed in chunks of reference pixels.

    Sampling is linear in the correlation, so the gradient of the sampling needs only the positions.
    """

    @staticmethod
    def forward(ctx, reference: Tensor, source: Tensor, positions: Tensor, chunk_bytes: int) -> Tensor:
        """Map reference (P, C, n), source (P, C, hs, ws) and positions (P, 2, D, n) to (P, D, n)."""
        ctx.save_for_backward(reference, source, positions)
        ctx.chunk_bytes = chunk_bytes
        cost = torch.empty_like(positions[:, 0])  # (P, D, n)
        for pairs, pixels in _chunks(reference, source, chunk_bytes):
            part = reference[pairs, :, pixels]
            correlation = torch.bmm(part.mT, source[pairs].flatten(2)).to(cost.dtype)  # (p, r, hs*ws)
            maps = correlation.view(-1, 1, *source.shape[-2:])
            sampled = torch.ops.aten.grid_sampler_2d(
                maps, _grid(positions[pairs, ..., pixels], source), BILINEAR, ZERO_PADDING, False
            )
            cost[pairs, :, pixels] = sampled.view(len(part), part.shape[-1], -1).mT
        return cost

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        reference, source, positions = ctx.saved_tensors
        d_reference = gradient.new_empty(reference.shape, dtype=reference.dtype)
        d_source = gradient.new_zeros(source.flatten(2).shape)  # (P, C, hs*ws)
        for pairs, pixels in _chunks(reference, source, ctx.chunk_bytes):
            part = reference[pairs, :, pixels]
            size = source.shape[-2:]
            maps = positions.new_empty(1).expand(part.shape[0] * part.shape[2], 1, *size)
            d_sampled = gradient[pairs, :, pixels].mT.reshape(-1, 1, gradient.shape[1], 1)
            d_maps = torch.ops.aten.grid_sampler_2d_backward(
                d_sampled,
                maps,
                _grid(positions[pairs, ..., pixels], source),
                BILINEAR,
                ZERO_PADDING,
                False,
                [True, False],
            )[0]
            d_correlation = d_maps.view(part.shape[0], part.shape[2], -1).to(part.dtype)  # (p, r, hs*ws)
            d_reference[pairs, :, pixels] = torch.bmm(source[pairs].flatten(2), d_correlation.mT)
            d_source[pairs] += torch.bmm(part, d_correlation)
        return d_reference, d_source.view_as(source).to(source.dtype), None, None


def _grid(positions: Tensor, source: Tensor) -> Tensor:
    """Convert positions (p, 2, D, r) into a grid (p r, D, 1, 2): D samples of each of the p r maps."""
    grid = sampling_grid(positions, *source.shape[-2:])  # (p, D, r, 2)
    return grid.transpose(1, 2).flatten(0, 1)[:, :, None]


def _chunks(reference: Tensor, source: Tensor, chunk_bytes: int) -> list[tuple[slice, slice]]:
    """Split pairs and reference pixels into chunks of at most ``chunk_bytes``: whole pairs, or pixels of one pair."""
    pairs, _, pixels = reference.shape
    row = 4 * source.shape[-2] * source.shape[-1]
    pixels_at_once = max(1, min(pixels, chunk_bytes // row))
    pairs_at_once = max(1, min(pairs, chunk_bytes // (row * pixels)))
    return [
        (slice(i, i + pairs_at_once), slice(j, j + pixels_at_once))
        for i in range(0, pairs, pairs_at_once)
        for j in range(0, pixels, pixels_at_once)
    ]
