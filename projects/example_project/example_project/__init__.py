"""Six parts of a multi-task network outside mmmtl, registered when the package is imported."""

from example_project.charbonnier import Charbonnier
from example_project.cov_weighting import CoVWeighting
from example_project.height import Height
from example_project.rooms_with_height import RoomsWithHeight
from example_project.sum_head import SumHead
from example_project.torchvision_backbone import TorchvisionBackbone

__all__ = ['Charbonnier', 'CoVWeighting', 'Height', 'RoomsWithHeight', 'SumHead', 'TorchvisionBackbone']
