"""The figure of SAK: teachers, the maps that imitate them, and the mixture of every task, after a short training run.

The teachers are two encoders whose weights come with the package or its extra `pretrained`, in place of DINOv2, CLIP
and SAM. A small ViT with random weights learns the labels and the features of the teachers for one image.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from mmengine.structures import PixelData
from style import GREY, save
from torch import Tensor, nn

from mmmtl.apis import MultiTaskInferencer
from mmmtl.models import MultiTaskModel, ViewPreprocessor
from mmmtl.models.backbones import SAK
from mmmtl.models.consistency_losses import FeatureDistillation
from mmmtl.models.decode_heads import MultiTapHead, PerTaskHead
from mmmtl.structures import MultiTaskDataSample
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import REALISTIC

SIZE = 288, 384
STEPS = 151
CHANNELS = 112  # of both teachers at stride 16
BLUE, ORANGE = '#1f77b4', '#d95f02'
ROWS = 4.2, 2.3, 0.4  # height of the ViT and of the two paths


def build(infer: MultiTaskInferencer, folder: str) -> MultiTaskModel:
    """Return SAK with the tasks of a trained network, whose encoder is the second teacher."""
    file = Path(folder, 'rooms_lite0_encoder.pth')
    torch.save(infer.model.backbone.model.state_dict(), file)
    teachers = {
        'a': dict(model_name='tf_efficientnet_lite1', out_indices=(3,)),
        'b': dict(model_name='tf_efficientnet_lite0', out_indices=(3,), checkpoint=str(file)),
    }
    torch.manual_seed(0)
    return MultiTaskModel(
        {name: task for name, task in infer.model.tasks.items() if name != 'edge'},
        backbone=dict(
            type=SAK,
            vit=dict(model_name='vit_tiny_patch16_224', out_indices=(11,), img_size=SIZE),
            teachers=dict.fromkeys(teachers, CHANNELS),
        ),
        decode_head=dict(type=PerTaskHead, head=dict(type=MultiTapHead, channels=64), maps_per_task=1),
        consistency_losses=dict(distillation=dict(type=FeatureDistillation, teachers=teachers)),
        data_preprocessor=dict(type=ViewPreprocessor),
    )


def train(model: MultiTaskModel, batch: dict) -> None:
    """Train on one image."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    (distillation,) = model.consistency_losses.values()
    distillation.prepare_training()
    model.train()
    for _ in range(STEPS):
        loss, _ = model.parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()


def colours(features: Tensor, reference: Tensor) -> np.ndarray:
    """Return the first three principal components of `reference` in a map (1, C, h, w) as colours (h, w, 3)."""
    flat = reference[0].flatten(1).T
    axes = torch.linalg.svd(flat - flat.mean(0), full_matrices=False)[2][:3].T
    values = features[0].permute(1, 2, 0) @ axes
    low, high = values.flatten(0, 1).quantile(0.02, 0), values.flatten(0, 1).quantile(0.98, 0)
    return ((values - low) / (high - low)).clamp(0, 1).numpy()


def picture(axis: Axes, pixels: np.ndarray, x: float, y: float, caption: str, colour: str = 'black') -> None:
    """Draw an image of 1.7 x 1.275 with its centre at (x, y)."""
    axis.imshow(pixels, extent=(x - 0.85, x + 0.85, y - 0.64, y + 0.64), aspect='auto', zorder=2)
    axis.text(x, y + 0.69, caption, ha='center', va='bottom', color=colour)


def box(axis: Axes, x: float, y: float, text: str, colour: str = 'black') -> None:
    """Draw a box of a layer with its centre at (x, y)."""
    patch = plt.Rectangle((x - 0.42, y - 0.24), 0.84, 0.48, facecolor='#f2f2f2', edgecolor=colour, zorder=2)
    axis.add_patch(patch)
    axis.text(x, y, text, ha='center', va='center', fontsize=8, color=colour, zorder=3)


def arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], **look: object) -> None:
    """Draw an arrow."""
    look = {'arrowstyle': '-|>', 'color': GREY, 'linewidth': 1.2, 'shrinkA': 0, 'shrinkB': 0, **look}
    axis.annotate('', end, start, arrowprops=look, zorder=1)


def draw_network(axis: Axes) -> None:
    """Draw the blocks of the ViT, the adapters of two paths, and what connects them."""
    stages = (2.6, 'patches', '$A^0$'), (3.8, 'block 1', '$A^1$'), (5.6, 'block 12', '$A^{12}$')
    for row, y in enumerate(ROWS):
        colour = BLUE if row else 'black'
        for x, block, adapter in stages:
            box(axis, x, y, adapter if row else block, colour)
        arrow(axis, (3.02, y), (3.38, y), color=colour)
        arrow(axis, (4.22, y), (5.18, y), color=colour)
        axis.text(4.7, y, '...', ha='center', va='center', backgroundcolor='white', color=colour)
        arrow(axis, (6.02, y), (6.45, y), color=colour)
    arrow(axis, (1.85, ROWS[0]), (2.18, ROWS[0]))
    for x, _, _ in stages:
        arrow(axis, (x, ROWS[0] - 0.24), (x, ROWS[1] + 0.24))
        arrow(axis, (x + 0.3, ROWS[0] - 0.24), (x + 0.3, ROWS[2] + 0.24), connectionstyle='arc3,rad=-0.12')
    for y in ROWS[1:]:
        arrow(axis, (6.45, y - 0.5), (1.85, y - 0.5), color=ORANGE, linestyle='--', arrowstyle='<|-|>')
        axis.text(4.8, y - 0.55, 'imitates', ha='center', va='top', color=ORANGE)


@torch.no_grad()
def draw(model: MultiTaskModel, batch: dict) -> None:
    """Draw the maps, weights and predictions of one image."""
    image = batch['inputs'][0].permute(1, 2, 0).numpy()
    images = model.data_preprocessor(batch, False)['inputs']
    (shared,), per_teacher = model.backbone.representations(images)
    figure, axis = plt.subplots(figsize=(10.6, 6.1))
    draw_network(axis)
    picture(axis, image, 1, ROWS[0], 'image')
    picture(axis, colours(shared, shared), 7.3, ROWS[0], 'ViT: $v$')
    names = '$T_1$: of ImageNet', '$T_2$: of rooms'
    (distillation,) = model.consistency_losses.values()
    imitations = model.backbone(images)[-len(per_teacher) :]
    for index, (teacher, imitation) in enumerate(zip(distillation.teachers.values(), imitations, strict=True)):
        (target,) = teacher(batch['inputs'][0][None] / 255)
        picture(axis, colours(target, target), 1, ROWS[index + 1], names[index], ORANGE)
        picture(axis, colours(imitation, target), 7.3, ROWS[index + 1], f'path {index + 1}: $u_{index + 1}$', BLUE)
    (sample,) = model.val_step(batch)
    for column, (name, task) in enumerate(model.tasks.items()):
        x = 9.3 + 1.85 * column
        mixture: nn.Module = model.backbone.mixtures[name][0]
        routed = mixture.router(shared.flatten(2).transpose(1, 2)).mean(1)[0]
        weights = routed[: len(ROWS)].softmax(0).tolist()
        for row, (y, weight) in enumerate(zip(ROWS, weights, strict=True)):
            axis.scatter(x, y, s=1500 * weight, color=BLUE if row else GREY, zorder=2)
            axis.text(x + 0.1 + 0.45 * weight**0.5, y, f'{weight:.2f}', va='center')
        axis.text(x, 5.05, f'$p$ of {name}', ha='center')
        arrow(axis, (x, ROWS[2] - 0.45), (x, ROWS[2] - 0.95))
        pixels = getattr(sample.pred, name).permute(1, 2, 0).squeeze(-1).numpy()
        picture(axis, task.visualize(pixels), x, -1.75, '')
    axis.text(2.1, -1.3, '$u_k = $ LayerNorm of path $k$ at a tap', color=BLUE)
    axis.text(2.1, -1.75, '$p = $ softmax of a router per task, which reads $v$')
    axis.text(2.1, -2.2, r'$F = p_0 v + \sum_k p_k u_k$, from which the head of a task predicts')
    axis.set(xlim=(0, 13.9), ylim=(-2.45, 5.4))
    axis.axis('off')
    save(figure, 'sak_paths.png', 256)


def main() -> None:
    """Train on the view of a room, and draw the figure."""
    scene = build_scene('test', 5, REALISTIC)
    (camera,) = place_cameras(scene, 1, SIZE)
    view = render_view(scene, camera)
    labels = {
        'semseg': torch.from_numpy(view['semseg'].astype(np.int64))[None],
        'depth': torch.from_numpy(view['depth'])[None],
        'normal': torch.from_numpy(view['normal']).permute(2, 0, 1),
    }
    sample = MultiTaskDataSample(metainfo=dict(img_shape=SIZE, img_path='room'), gt=PixelData(**labels))
    image = torch.from_numpy(view['image']).permute(2, 0, 1).contiguous()
    batch = dict(inputs=[image], data_samples=[sample])
    with tempfile.TemporaryDirectory() as folder:
        model = build(MultiTaskInferencer('rooms_lite0'), folder)
        train(model, batch)
    draw(model, batch)


if __name__ == '__main__':
    main()
