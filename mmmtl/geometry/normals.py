"""Surface normals from a depth map."""

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

from mmmtl.geometry.projection import at_least_float32, pixel_centres

MIN_NEIGHBOURS = 0.25  # fraction of the window's pixels that must lie on the same surface


def normals_from_depth(
    depth: Tensor, intrinsics: Tensor, *, radius: int = 2, jump: float = 0.03, tolerance: float = 0.02
) -> Tensor:
    """Compute unit normals (N, 3, H, W) in the camera frame that face the camera; (0, 0, 0) where void.

    The inverse depth of a plane a . X = 1 is a . K^-1 (x, y, 1), so it is affine in the pixel position. An affine
    function is fitted to the inverse depth of every pixel's neighbours by least squares; its coefficients g give the
    plane a = K^T g and the normal -a / |a|. This is exact for planes of any slant, unlike differences of points.
    Neighbours across a depth edge and without depth are ignored; a pixel is void if too few are left, if they lie on
    one line, or if the plane does not fit them.

    Args:
        depth: (N, 1, H, W) metres along z, 0 where void.
        intrinsics: (N, 3, 3), in pixels.
        radius: Radius of the square window in pixels. 1 or 2 for rendered depth; about 6 for a structured-light sensor
            at 480 x 640 (two views of a room then agree within 8 degrees, median; within 21 with radius 2).
        jump: Relative change of inverse depth per pixel beyond which a neighbour lies on another surface.
        tolerance: Maximum relative deviation (root mean square) of the neighbours from the fitted plane.
    """
    depth, intrinsics = at_least_float32(depth), at_least_float32(intrinsics)
    height, width = depth.shape[-2:]
    inverse = torch.where(depth > 0, 1 / depth.clamp(min=1e-6), 0)  # (N, 1, H, W)
    padded = pad(inverse, (radius,) * 4)
    size = 2 * radius + 1
    count, su, sv, suu, suv, svv, sq, suq, svq, sqq = (torch.zeros_like(inverse) for _ in range(10))
    for row in range(size):
        for column in range(size):
            u, v = column - radius, row - radius
            neighbour = padded[..., row : row + height, column : column + width]
            difference = neighbour - inverse  # relative to the centre, to avoid cancellation
            same = (neighbour > 0) & (difference.abs() <= jump * max(abs(u), abs(v)) * inverse)
            weight = same.to(depth.dtype)
            difference = weight * difference
            count += weight
            su += u * weight
            sv += v * weight
            suu += u * u * weight
            suv += u * v * weight
            svv += v * v * weight
            sq += difference
            suq += u * difference
            svq += v * difference
            sqq += difference * difference
    n = count.clamp(min=1)
    cuu, cuv, cvv = suu / n - (su / n) ** 2, suv / n - su * sv / n**2, svv / n - (sv / n) ** 2
    cuq, cvq, cqq = suq / n - su * sq / n**2, svq / n - sv * sq / n**2, sqq / n - (sq / n) ** 2
    determinant = cuu * cvv - cuv**2
    spread = determinant > 0.05  # False if the neighbours lie on a line
    determinant = torch.where(spread, determinant, 1)
    slope_x = (cvv * cuq - cuv * cvq) / determinant
    slope_y = (cuu * cvq - cuv * cuq) / determinant
    value = inverse + (sq - slope_x * su - slope_y * sv) / n  # fitted, at the pixel itself
    residual = (cqq - slope_x * cuq - slope_y * cvq).clamp(min=0).sqrt()
    known = (inverse > 0) & spread & (count >= MIN_NEIGHBOURS * size**2) & (residual <= tolerance * inverse)

    x, y = pixel_centres(height, width, device=depth.device, dtype=depth.dtype)
    g = torch.cat((slope_x, slope_y, value - slope_x * x - slope_y * y), dim=1)  # (N, 3, H, W)
    k = intrinsics[..., None, None]  # K^T g, for K with last row (0, 0, 1)
    plane = torch.stack(
        (
            k[:, 0, 0] * g[:, 0],
            k[:, 0, 1] * g[:, 0] + k[:, 1, 1] * g[:, 1],
            k[:, 0, 2] * g[:, 0] + k[:, 1, 2] * g[:, 1] + g[:, 2],
        ),
        dim=1,
    )
    return torch.where(known, -normalize(plane, dim=1), 0)
