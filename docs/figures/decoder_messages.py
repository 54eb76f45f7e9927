"""The figure of the decoders: which features reach the logits of task a, per head."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from style import GREY, save

RED, BLUE = '#d95f02', '#1f77b4'
TASKS = 'abc'


def node(axis: Axes, x: float, y: float, text: str, colour: str = 'black') -> None:
    """Draw a box of features."""
    look = dict(boxstyle='round,pad=0.3', facecolor='#f2f2f2', edgecolor=colour)
    axis.text(x, y, text, ha='center', va='center', fontsize=8, color=colour, bbox=look, zorder=3)


def arrow(
    axis: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = GREY, bend: float = 0
) -> None:
    """Draw an arrow between two boxes."""
    look = dict(arrowstyle='-|>', color=colour, linewidth=1.2, shrinkA=9, shrinkB=9)
    axis.annotate('', end, start, arrowprops=look | dict(connectionstyle=f'arc3,rad={bend}'), zorder=1)


def tasks(axis: Axes, y: float, text: str = '$f_{}$') -> None:
    """Draw the features of three tasks in a row."""
    for x, name in enumerate(TASKS):
        node(axis, x, y, text.format(name))


def fpn(axis: Axes) -> None:
    """Draw FPN: the tasks share a pyramid and exchange nothing."""
    node(axis, 1, 0, 'features', BLUE)
    tasks(axis, 1.6)
    for x in range(3):
        arrow(axis, (1, 0), (x, 1.6))
        arrow(axis, (x, 1.6), (x, 3.2))


def distillation(axis: Axes) -> None:
    """Draw PAD-Net: gated messages from the other tasks."""
    node(axis, 1, 0, 'features', BLUE)
    tasks(axis, 1.0)
    node(axis, 0, 2.2, '$o_a$')
    for x in range(3):
        arrow(axis, (1, 0), (x, 1))
    arrow(axis, (0, 1), (0, 2.2))
    arrow(axis, (1, 1), (0, 2.2), RED)
    arrow(axis, (2, 1), (0, 2.2), RED)
    arrow(axis, (0, 2.2), (0, 3.2))
    axis.text(1.55, 2.05, 'conv $\\cdot$ sigmoid(gate)', color=RED, fontsize=8, ha='center')


def scales(axis: Axes) -> None:
    """Draw MTI-Net: PAD-Net's messages at every scale, and propagation from coarse to fine."""
    for y, stride in ((0.1, 32), (1.1, 16), (2.1, 4)):
        for x, name in enumerate(TASKS):
            node(axis, x, y, f'$f_{name}$')
        axis.text(-0.75, y, f'1/{stride}', fontsize=8, color=BLUE, va='center')
        arrow(axis, (1, y), (0, y), RED)
        arrow(axis, (2, y), (0, y), RED, 0.35)
    for low, high in ((0.1, 1.1), (1.1, 2.1)):
        for x in range(3):
            arrow(axis, (x, low), (x, high))
    arrow(axis, (0, 2.1), (0, 3.2))


def relations(axis: Axes) -> None:
    """Draw ATRC: attention of a chosen kind per source."""
    node(axis, 1, 0, 'features', BLUE)
    tasks(axis, 1.0)
    node(axis, 0, 2.3, '$f_a$ + context')
    for x, kind in enumerate(('t-label', 'global', 's-label')):
        arrow(axis, (1, 0), (x, 1))
        arrow(axis, (x, 1), (0, 2.3), RED)
        axis.text(0.02 + 0.72 * x, 1.62, kind, color=RED, fontsize=7, ha='center', backgroundcolor='white')
    arrow(axis, (0, 2.3), (0, 3.2))


def tokens(axis: Axes) -> None:
    """Draw InvPT: attention among the pixels of all tasks, at three scales."""
    for y, stride in ((0.1, 32), (1.1, 16), (2.1, 8)):
        tasks(axis, y)
        axis.text(-0.75, y, f'1/{stride}', fontsize=8, color=BLUE, va='center')
        for first, second, bend in ((0, 1, 0), (1, 2, 0), (0, 2, 0.35)):
            arrow(axis, (first, y), (second, y), RED, bend)
            arrow(axis, (second, y), (first, y), RED, -bend)
    for low, high in ((0.1, 1.1), (1.1, 2.1)):
        for x in range(3):
            arrow(axis, (x, low), (x, high))
    arrow(axis, (0, 2.1), (0, 3.2))


def experts(axis: Axes) -> None:
    """Draw MLoRE: shared experts, mixed per task."""
    node(axis, 1, 0, 'features', BLUE)
    for x, name in enumerate(('$E_1$', '$E_2$', '...', '$E_{15}$')):
        node(axis, x * 0.75 - 0.1, 1.1, name, RED)
    tasks(axis, 2.2)
    for x in range(3):
        arrow(axis, (1, 0.2), (x, 1.0))
        for expert in range(4):
            arrow(axis, (expert * 0.75 - 0.1, 1.1), (x, 2.2), GREY)
        arrow(axis, (x, 2.2), (x, 3.2))
    axis.text(2.75, 1.65, 'gates\nper task', fontsize=8, color=GREY, va='center')


def main() -> None:
    """Draw the figure."""
    heads = {
        'FPN: no messages': fpn,
        'PAD-Net: gated messages': distillation,
        'MTI-Net: messages at every scale': scales,
        'ATRC: attention, its kind per source': relations,
        'InvPT: all pixels of all tasks': tokens,
        'MLoRE: shared weights, no messages': experts,
    }
    figure, axes = plt.subplots(2, 3, figsize=(10.2, 6), constrained_layout=True)
    for axis, (title, draw) in zip(axes.flat, heads.items(), strict=True):
        draw(axis)
        axis.text(0, 3.3, 'logits of a', ha='center', va='bottom', fontsize=8)
        axis.set(title=title, xlim=(-1, 3.3), ylim=(-0.4, 3.6))
        axis.axis('off')
    save(figure, 'decoder_messages.png')


if __name__ == '__main__':
    main()
