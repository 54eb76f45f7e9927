"""Pictures of what a network sees and says."""

from mmmtl.visualization.regions import draw_regions
from mmmtl.visualization.sheet import as_map, as_picture, draw_sheet, write_sheets
from mmmtl.visualization.sheet_hook import SheetHook

__all__ = ['SheetHook', 'as_map', 'as_picture', 'draw_regions', 'draw_sheet', 'write_sheets']
