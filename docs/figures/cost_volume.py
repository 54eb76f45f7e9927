"""The figure of the cost volume: candidate depths of a pixel in the other view, its costs, and the map of best planes.

The features are patches of colours, not those of a network: they show what `CostVolume` computes, without training.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from style import GREY, save

from mmmtl.geometry import relative_pose, resize_intrinsics, sweep_positions
from mmmtl.models.necks.cross_view.cost_volume import CostVolume
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import REALISTIC

SIZE = 192, 256
STRIDE = 2  # of the features
BASELINE = 0.3, 0.08, 0.0  # of the second camera: right, down and forward, in metres
PATCH = 7  # side of the compared patches in pixels
CONTRAST = 12.0  # factor of the normalized patches, so that the softmax over the planes has a peak
POINT = 26, 64  # row and column of u in the features
DEPTHS = 0.5, 6.0  # of the colours, in metres


def patch_features(images: torch.Tensor) -> torch.Tensor:
    """Return the patch around each pixel minus its mean, with a norm of `CONTRAST`: (N, 3, H, W) -> (N, C, H, W)."""
    patches = F.unfold(F.pad(images, [PATCH // 2] * 4, mode='replicate'), PATCH)
    patches = patches - patches.mean(1, keepdim=True)
    return CONTRAST * F.normalize(patches, dim=1).unflatten(2, images.shape[2:])


def main() -> None:
    """Draw the figure."""
    scene = build_scene('test', 5, REALISTIC)
    (camera,) = place_cameras(scene, 1, SIZE)
    pose = camera.camera_T_world.copy()
    pose[:3, 3] -= BASELINE
    cameras = camera, replace(camera, camera_T_world=pose)
    views = [render_view(scene, one) for one in cameras]
    images = torch.stack([torch.from_numpy(view['image'] / 255).permute(2, 0, 1).float() for view in views])
    images = F.interpolate(images, scale_factor=1 / STRIDE, mode='area')
    intrinsics = torch.stack(
        [resize_intrinsics(torch.from_numpy(one.intrinsics), 1 / STRIDE, 1 / STRIDE) for one in cameras]
    )
    poses = torch.stack([torch.from_numpy(one.camera_T_world) for one in cameras])
    volume = CostVolume(planes=128, depth_range='indoor')
    features = patch_features(images)
    cost = volume(features[None], intrinsics[None], poses[None])[0] * features.shape[1] ** 0.5 / CONTRAST
    best, confidence = volume.best_depth(cost)
    row, column = POINT
    size = tuple(images.shape[2:])
    depths = 1 / volume.inverse_depths()
    positions = (
        sweep_positions(
            intrinsics[:1], intrinsics[1:], relative_pose(poses[1], poses[0])[None], volume.inverse_depths(), size
        )[0, :, :, row * size[1] + column]
        * STRIDE
    )
    truth = views[0]['depth'][::STRIDE, ::STRIDE]
    chosen, true = cost[0, :, row, column].argmax(), truth[row, column]
    figure, axes = plt.subplots(2, 3, figsize=(10.2, 5.3), constrained_layout=True)
    for axis, image, title in (
        (axes[0, 0], views[0]['image'], r'view $I_1$ and a pixel $u$'),
        (axes[0, 1], views[1]['image'], r'view $I_2$: $u$ at each of the 128 depths $d_k$'),
        (axes[1, 0], views[0]['depth'], r'true depth of $I_1$'),
        (axes[1, 1], best[0, 0], r'depth of the best plane, $\arg\max_k C_1$'),
        (axes[1, 2], confidence[0, 0], 'its probability, softmax over the planes'),
    ):
        maps = image.ndim == 2
        shown = axis.imshow(image, **(dict(cmap='turbo_r', vmin=DEPTHS[0], vmax=DEPTHS[1]) if maps else {}))
        axis.set(title=title, xticks=[], yticks=[])
        if maps and axis is not axes[1, 2]:
            figure.colorbar(shown, ax=axis, label='metres', shrink=0.9)
    shown = axes[1, 2].imshow(confidence[0, 0], cmap='gray', vmin=0, vmax=1)
    figure.colorbar(shown, ax=axes[1, 2], shrink=0.9)
    axes[0, 0].plot(column * STRIDE, row * STRIDE, 'o', color='red', markersize=9, markeredgewidth=2, fillstyle='none')
    inside = ((positions >= 0) & (positions < torch.tensor(SIZE[::-1])[:, None])).all(0)
    axes[0, 1].scatter(*positions[:, inside], c=depths[inside], cmap='turbo_r', vmin=DEPTHS[0], vmax=DEPTHS[1], s=5)
    axes[0, 1].plot(*positions[:, chosen], 'o', color='red', markersize=9, markeredgewidth=2, fillstyle='none')
    axes[0, 2].plot(depths, cost[0, :, row, column], color='black', linewidth=1)
    axes[0, 2].axvline(true, color=GREY, linestyle='--', label=f'true depth, {true:.2f} m')
    axes[0, 2].plot(depths[chosen], cost[0, chosen, row, column], 'ro', label=f'best plane, {depths[chosen]:.2f} m')
    axes[0, 2].set(xscale='log', xlabel='depth $d_k$ in metres', title='similarity $C_1(k, u)$ at each depth')
    axes[0, 2].set_xticks([0.5, 1, 2, 4, 10], ['0.5', '1', '2', '4', '10'])
    axes[0, 2].minorticks_off()
    axes[0, 2].legend(loc='lower right', fontsize=8)
    save(figure, 'cvm_cost_volume.png')
    known = np.abs(best[0, 0].numpy() / truth - 1)
    print(f'median relative difference of the best plane: {np.median(known):.3f}')


if __name__ == '__main__':
    main()
