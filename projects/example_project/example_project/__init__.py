"""A task, a loss, a data set and a decode head of one's own, outside mmmtl; importing the package registers them."""

from example_project.charbonnier import Charbonnier
from example_project.height import Height
from example_project.rooms_with_height import RoomsWithHeight
from example_project.sum_head import SumHead

__all__ = ['Charbonnier', 'Height', 'RoomsWithHeight', 'SumHead']
