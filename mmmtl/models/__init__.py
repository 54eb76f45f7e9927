"""The model and its parts."""

from mmmtl.models import backbones, consistency_losses, decode_heads, necks
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.models.multi_task_model import MultiTaskModel

__all__ = [
    'FixedWeighting',
    'MultiTaskModel',
    'ViewPreprocessor',
    'backbones',
    'consistency_losses',
    'decode_heads',
    'necks',
]
