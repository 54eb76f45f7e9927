"""The figure of region contrast: regions of a room, and their Gaussians in the joint space of two tasks.

Above with an untrained mapping network, below after short training on the labels of this image alone. The two axes
are the principal components of the means.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.patches import Ellipse
from style import GREY, save

from mmmtl.models.consistency_losses.gaussian_distances import wasserstein
from mmmtl.models.consistency_losses.joint_task_space import JointTaskSpace
from mmmtl.models.consistency_losses.region_contrast import WIDTHS
from mmmtl.models.consistency_losses.region_moments import RegionPixels, largest_regions
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import REALISTIC
from mmmtl.tasks import Depth, Normal

SIZE = 192, 256
REGIONS = 6
COLOURS = plt.get_cmap('tab10').colors
TEMPERATURE = 5.4
STEPS = 40


def main() -> None:
    """Train the mapping network on one image, and draw the figure."""
    scene = build_scene('test', 5, REALISTIC)
    (camera,) = place_cameras(scene, 1, SIZE)
    view = render_view(scene, camera)
    tasks = {'depth': Depth('depth'), 'normal': Normal('normal')}
    labels = {
        'depth': torch.from_numpy(view['depth'])[None, None].float(),
        'normal': torch.from_numpy(view['normal']).permute(2, 0, 1)[None].float(),
    }
    encoded = {name: tasks[name].encoding.encode_target(labels[name]) for name in tasks}
    regions = torch.from_numpy(view['instance'].astype(np.int64))[None, ::2, ::2]
    slots = largest_regions(regions, REGIONS, 10)
    pixels = RegionPixels.of(slots.expand(2, -1, -1), REGIONS)
    torch.manual_seed(0)
    space = JointTaskSpace(tasks, widths=WIDTHS)
    pair = torch.tensor([space.pair_index('depth', 'normal')])
    optimizer = torch.optim.Adam(space.parameters(), lr=1e-3)
    stages = []
    for step in range(STEPS + 1):
        mapped = torch.cat([*space(encoded, dict.fromkeys(tasks, pair)).values()])
        maps = F.interpolate(mapped, regions.shape[1:], mode='bilinear', align_corners=False)
        means, covariances = pixels.moments(maps)
        distances = wasserstein(means.flatten(0, 1)[None], covariances.flatten(0, 1)[None])[0]
        if step in (0, STEPS):
            stages.append([values.detach().numpy() for values in (means, covariances, distances)])
        optimizer.zero_grad()
        region_contrast(distances).backward()
        optimizer.step()
    draw(view['image'], slots[0].numpy(), stages)


def region_contrast(distances: torch.Tensor) -> torch.Tensor:
    """Return the mean of equation (3) from distances (2 R, 2 R); the positive of a region is that of the other task."""
    positives = torch.arange(2 * REGIONS).roll(REGIONS)
    return F.cross_entropy(-distances.fill_diagonal_(torch.inf) / TEMPERATURE, positives)


def draw(image: np.ndarray, slots: np.ndarray, stages: list) -> None:
    """Draw the regions, and per stage the Gaussians of both tasks and their similarities."""
    figure, axes = plt.subplots(2, 3, figsize=(10.2, 6.2), constrained_layout=True)
    painted = 0.45 * image[::2, ::2] / 255
    for slot, colour in enumerate(COLOURS[:REGIONS]):
        painted[slots == slot] += 0.55 * np.array(colour)
        rows, columns = np.nonzero(slots == slot)
        middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        axes[0, 0].text(
            columns[middle], rows[middle], str(slot + 1), color='white', ha='center', va='center', weight='bold'
        )
    axes[0, 0].imshow(painted.clip(0, 1))
    axes[0, 0].set(title='the six largest regions of a room', xticks=[], yticks=[])
    axes[1, 0].axis('off')
    axes[1, 0].plot([], [], 'o-', color='black', label='Gaussian of the depth label')
    axes[1, 0].plot([], [], 's--', color='black', label='Gaussian of the label of the normals')
    axes[1, 0].legend(loc='upper left', frameon=False)
    names = 'untrained mapping network', f'after {STEPS} steps on this image'
    for row, (name, (means, covariances, distances)) in enumerate(zip(names, stages, strict=True)):
        draw_gaussians(axes[row, 1], means, covariances)
        axes[row, 1].set(title=name, xticks=[], yticks=[])
        similarity = np.exp(-distances[:REGIONS, REGIONS:] / TEMPERATURE)
        shown = axes[row, 2].imshow(similarity, cmap='viridis', vmin=0, vmax=1)
        figure.colorbar(shown, ax=axes[row, 2], shrink=0.9)
        numbers = [str(slot + 1) for slot in range(REGIONS)]
        axes[row, 2].set_xticks(range(REGIONS), numbers)
        axes[row, 2].set_yticks(range(REGIONS), numbers)
        axes[row, 2].set(title='similarity, equation (4)', xlabel='region, normals', ylabel='region, depth')
    save(figure, 'region_gaussians.png')


def draw_gaussians(axis: plt.Axes, means: np.ndarray, covariances: np.ndarray) -> None:
    """Draw Gaussians (2, R, C) and (2, R, C, C) in the plane of the principal components of their means."""
    flat = means.reshape(-1, means.shape[-1])
    centre = flat.mean(0)
    plane = np.linalg.svd(flat - centre, full_matrices=False)[2][:2]
    for task, style in enumerate(('-', '--')):
        for slot in range(REGIONS):
            x, y = plane @ (means[task, slot] - centre)
            values, vectors = np.linalg.eigh(plane @ covariances[task, slot] @ plane.T)
            angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
            width, height = 2 * np.sqrt(values[::-1].clip(0))
            look = dict(facecolor=(*COLOURS[slot], 0.2), edgecolor=COLOURS[slot], linestyle=style, linewidth=1.5)
            axis.add_patch(Ellipse((x, y), width, height, angle=angle, **look))
            axis.plot(x, y, 'os'[task], color=COLOURS[slot], markersize=5)
    for slot in range(REGIONS):
        axis.plot(*((means[:, slot] - centre) @ plane.T).T, color=GREY, linewidth=0.8, zorder=0)
    axis.autoscale()


if __name__ == '__main__':
    main()
