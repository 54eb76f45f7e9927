"""Columns of a sheet: images above each other with one key below them."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

from mmmtl.tasks.map_display import MapDisplay, Range
from mmmtl.visualization.cells import fit_image, fit_map
from mmmtl.visualization.keys import BACKGROUND, LegendEntry, draw_key
from mmmtl.visualization.layout import GAP
from mmmtl.visualization.text import line_height, write


class MapVisualizer(Protocol):
    """The visualization of a map: that of a task, or of an auxiliary map of a network; see `mmmtl.tasks.Task`."""

    @property
    def display(self) -> MapDisplay:
        """Range, unit and key of the colours."""

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render a map (H, W) or (H, W, C) as uint8 RGB (H, W, 3)."""

    def legend(self, values: np.ndarray) -> list[LegendEntry]:
        """Return (caption, colour) for what occurs in the map."""


@dataclass
class Column:
    """Images above each other with one key below them.

    Args:
        captions: Caption per image.
        images: (height, width, 3) uint8 RGB at the size of the image.
        known: Where the maps have a value; None for an image.
        display: Display of the maps; None for images.
        value_range: Values that the colours of the maps span.
        legend: Captions and colours of what occurs in the maps.
    """

    captions: list[str] = field(default_factory=list)
    images: list[np.ndarray] = field(default_factory=list)
    known: list[np.ndarray | None] = field(default_factory=list)
    display: MapDisplay | None = None
    value_range: Range | None = None
    legend: list[LegendEntry] = field(default_factory=list)

    def add(self, caption: str, image: np.ndarray, known: np.ndarray | None = None) -> None:
        """Add an image below the others."""
        self.captions.append(caption)
        self.images.append(image)
        self.known.append(known)

    def draw(self, size: tuple[int, int], width: int, font: int) -> np.ndarray:
        """Draw the column, (height, width, 3) uint8, with images of ``size`` (h, w) at its left."""
        parts = []
        for caption, image, known in zip(self.captions, self.images, self.known, strict=True):
            text = Image.new('RGB', (width, line_height(font)), BACKGROUND)
            write(text, (0, 0), caption, font)
            cell = np.full((size[0] + GAP, width, 3), BACKGROUND, np.uint8)
            cell[: size[0], : size[1]] = fit_image(image, size) if known is None else fit_map(image, known, size)
            parts += [np.asarray(text), cell]
        if self.display is not None:
            has_void = any(known is not None and not known.all() for known in self.known)
            parts.append(draw_key(self.display, self.value_range, self.legend, has_void, width, font))
        return np.concatenate(parts)
