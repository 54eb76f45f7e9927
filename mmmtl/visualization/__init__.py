"""Visualization of images, labels, predictions and regions."""

from mmmtl.visualization.regions import draw_regions
from mmmtl.visualization.sheet import as_image, as_map, draw_sheet, write_sheets
from mmmtl.visualization.visualization_hook import VisualizationHook

__all__ = ['VisualizationHook', 'as_map', 'as_image', 'draw_regions', 'draw_sheet', 'write_sheets']
