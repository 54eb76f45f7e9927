"""The figure of MTPSL: a prediction and a label of another task, mapped to the joint space of the two tasks."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from style import GREY, save

from mmmtl.apis import MultiTaskInferencer
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene
from mmmtl.synthetic_rooms.variety import REALISTIC

SIZE = 192, 256
BLUE, ORANGE = '#1f77b4', '#d95f02'


def picture(axis: Axes, pixels: np.ndarray, x: float, y: float, caption: str) -> None:
    """Draw an image of 1.6 x 1.2 with its centre at (x, y)."""
    axis.imshow(pixels, extent=(x - 0.8, x + 0.8, y - 0.6, y + 0.6), aspect='auto', zorder=2)
    axis.text(x, y - 0.68, caption, ha='center', va='top', fontsize=9)


def box(axis: Axes, x: float, y: float, text: str, colour: str = 'black', width: float = 1.15) -> None:
    """Draw a box of a network with its centre at (x, y)."""
    patch = plt.Rectangle((x - width / 2, y - 0.3), width, 0.6, facecolor='#f2f2f2', edgecolor=colour, zorder=2)
    axis.add_patch(patch)
    axis.text(x, y, text, ha='center', va='center', fontsize=10, color=colour, zorder=3)


def arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], text: str = '', **look: object) -> None:
    """Draw an arrow with a text at its middle."""
    look = {'arrowstyle': '-|>', 'color': 'black', 'linewidth': 1.2, **look}
    axis.annotate('', end, start, arrowprops=look, zorder=1)
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 0.1
    axis.text(*middle, text, ha='center', va='bottom', fontsize=9, color=look['color'])


def main() -> None:
    """Draw the figure."""
    (camera,) = place_cameras(scene := build_scene('test', 5, REALISTIC), 1, SIZE)
    view = render_view(scene, camera)
    infer = MultiTaskInferencer('rooms_lite0')
    depth, semseg = infer.model.tasks['depth'], infer.model.tasks['semseg']
    prediction = semseg.visualize(infer(view['image'])['semseg'])
    figure, axis = plt.subplots(figsize=(10.6, 4.1))
    picture(axis, view['image'], 0.9, 2.6, r'image $x$')
    box(axis, 2.75, 2.6, r'$f_\phi$')
    box(axis, 4.3, 2.6, r'$h_{\psi^s}$')
    picture(axis, prediction, 6.2, 2.6, r'prediction $\hat y^s(x)$')
    picture(axis, depth.visualize(view['depth']), 6.2, 0.6, r'label $y^t$ of task $t$')
    box(axis, 8.4, 2.6, r'$m^{s \to st}$', BLUE, 1.2)
    box(axis, 8.4, 0.6, r'$m^{t \to st}$', BLUE, 1.2)
    axis.text(
        8.4,
        1.6,
        'one network $\\bar m_\\vartheta$;\nFiLM layers depend\non the pair $(s, t)$',
        ha='center',
        va='center',
        color=BLUE,
    )
    for y in (2.6, 0.6):
        axis.plot(10.2, y, 'o', color=BLUE, markersize=10, zorder=3)
        arrow(axis, (7.05, y), (7.8, y))
        arrow(axis, (9.0, y), (10.1, y))
    arrow(axis, (1.75, 2.6), (2.17, 2.6))
    arrow(axis, (3.33, 2.6), (3.72, 2.6))
    arrow(axis, (4.88, 2.6), (5.35, 2.6))
    arrow(axis, (10.2, 2.45), (10.2, 0.75), arrowstyle='<|-|>', color=BLUE)
    axis.text(10.32, 1.6, '$L_{ct}$: cosine\ndistance', color=BLUE, va='center')
    axis.plot([2.75, 2.75, 10.2], [2.95, 3.75, 3.75], color=ORANGE, linewidth=1.2, linestyle='--')
    arrow(axis, (10.2, 3.75), (10.2, 2.8), color=ORANGE, linestyle='--')
    axis.text(
        6.4,
        3.82,
        r'regularizer $R$: both points stay close to the feature $f_\phi(x)$, without gradient into $f_\phi$',
        ha='center',
        color=ORANGE,
    )
    arrow(axis, (2.75, 2.25), (2.75, 1.2), color=GREY)
    axis.text(2.75, 1.1, 'heads and losses\nof the labelled tasks', ha='center', va='top', color=GREY)
    axis.set(xlim=(0, 11.4), ylim=(-0.45, 4.15))
    axis.axis('off')
    save(figure, 'joint_space.png')


if __name__ == '__main__':
    main()
