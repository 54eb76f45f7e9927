"""The look of the figures of the documentation."""

from pathlib import Path

import matplotlib as mpl

mpl.use('Agg')

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

IMAGES = Path(__file__).parents[1] / 'images'
GREY = '#555555'
plt.rcParams.update({'font.size': 9, 'axes.titlesize': 9, 'axes.spines.top': False, 'axes.spines.right': False})


def save(figure: Figure, name: str, colours: int = 128) -> None:
    """Write a figure to ``docs/images`` as a PNG with a palette, on white in light and dark themes."""
    path = IMAGES / name
    figure.savefig(path, dpi=110, facecolor='white', bbox_inches='tight', pad_inches=0.08)
    plt.close(figure)
    Image.open(path).convert('RGB').quantize(colours).save(path, optimize=True)
    print(f'{path}: {path.stat().st_size / 1000:.0f} kB')
