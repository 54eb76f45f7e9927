"""The figure of Pseudo-MTL: a stereo pair, its pseudo disparity and confidence, and a view warped to the other."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from style import save

from mmmtl.geometry import left_from_right
from mmmtl.pseudo_labels.stereo_matching import SemiGlobalMatcher, left_right_confidence
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import REALISTIC

SIZE = 192, 256
BASELINE = 0.12  # metres
DISPARITIES = 48  # search range in pixels


def main() -> None:
    """Draw the figure."""
    scene = build_scene('test', 5, REALISTIC)
    (camera,) = place_cameras(scene, 1, SIZE)
    left, right = (render_view(scene, one) for one in (camera, camera.right_neighbour(BASELINE)))
    disparity = SemiGlobalMatcher(DISPARITIES, block=3)(left['image'], right['image'])
    confidence = left_right_confidence(disparity)[0]
    found = torch.from_numpy(np.nan_to_num(disparity[0]))[None, None]
    pixels = torch.from_numpy(right['image'].transpose(2, 0, 1))[None].float()
    warped, inside = left_from_right(pixels, found)
    known = (inside & (found > 0))[0, 0].numpy()
    shown = np.where(known[..., None], warped[0].permute(1, 2, 0).numpy(), 255).astype(np.uint8)
    true = camera.intrinsics[0, 0] * BASELINE / left['depth']
    error = np.abs(disparity[0] - true)
    print(f'known: {known.mean():.3f}, median error of the disparity: {np.median(error[known]):.2f} pixels')
    figure, axes = plt.subplots(2, 3, figsize=(10.2, 5.3), constrained_layout=True)
    for axis, values, title, options in (
        (axes[0, 0], left['image'], r'left view $I_l$', {}),
        (axes[0, 1], right['image'], r'right view $I_r$', {}),
        (axes[0, 2], shown, r'$G(I_r;\,p_l)$: right view warped to the left', {}),
        (
            axes[1, 0],
            disparity[0],
            r'pseudo disparity $p_l$; white: unknown',
            dict(cmap='turbo', vmin=0, vmax=32),
        ),
        (axes[1, 1], confidence, r'confidence $C_l$, left-right check', dict(cmap='gray', vmin=0, vmax=1)),
        (axes[1, 2], error, 'error of the pseudo disparity', dict(cmap='magma', vmin=0, vmax=4)),
    ):
        image = axis.imshow(values, **options)
        axis.set(title=title, xticks=[], yticks=[])
        if options:
            figure.colorbar(image, ax=axis, shrink=0.9, label='' if axis is axes[1, 1] else 'pixels')
    save(figure, 'stereo_pair.png')


if __name__ == '__main__':
    main()
