"""Pictures of what a network sees and says."""

from mmmtl.visualization.regions import draw_regions
from mmmtl.visualization.sheet import as_map, as_picture, draw_sheet, write_sheets
from mmmtl.visualization.visualization_hook import VisualizationHook

__all__ = ['VisualizationHook', 'as_map', 'as_picture', 'draw_regions', 'draw_sheet', 'write_sheets']
