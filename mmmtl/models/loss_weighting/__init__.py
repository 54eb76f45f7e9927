"""Loss weightings: T task losses -> total."""

from mmmtl.models.loss_weighting.dynamic_weight_average import DynamicWeightAverage
from mmmtl.models.loss_weighting.famo import FAMO
from mmmtl.models.loss_weighting.fixed_weighting import FixedWeighting
from mmmtl.models.loss_weighting.geometric_mean_weighting import GeometricMeanWeighting
from mmmtl.models.loss_weighting.grad_norm import GradNorm
from mmmtl.models.loss_weighting.grad_vac import GradVac
from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.impartial_loss_weighting import ImpartialLossWeighting
from mmmtl.models.loss_weighting.loss_weighting import LossWeighting
from mmmtl.models.loss_weighting.mgda import MGDA, mgda_weights
from mmmtl.models.loss_weighting.nash_mtl import NashMTL, nash_mtl_weights
from mmmtl.models.loss_weighting.priority_constrained_descent import PriorityConstrainedDescent
from mmmtl.models.loss_weighting.random_weighting import RandomWeighting
from mmmtl.models.loss_weighting.scalarization import Scalarization
from mmmtl.models.loss_weighting.smooth_chebyshev_weighting import SmoothChebyshevWeighting
from mmmtl.models.loss_weighting.task_gradients import TaskGradients
from mmmtl.models.loss_weighting.torchjd_weighting import TorchJDWeighting
from mmmtl.models.loss_weighting.uncertainty_weighting import UncertaintyWeighting

__all__ = [
    'FAMO',
    'MGDA',
    'DynamicWeightAverage',
    'FixedWeighting',
    'GeometricMeanWeighting',
    'GradNorm',
    'GradVac',
    'GramianWeighting',
    'ImpartialLossWeighting',
    'LossWeighting',
    'NashMTL',
    'PriorityConstrainedDescent',
    'RandomWeighting',
    'Scalarization',
    'SmoothChebyshevWeighting',
    'TaskGradients',
    'TorchJDWeighting',
    'UncertaintyWeighting',
    'mgda_weights',
    'nash_mtl_weights',
]
