"""Check that your own tasks, datasets, losses, weightings, necks and decode heads follow the contracts of mmmtl.

Each function raises an AssertionError that names the part, the property and what was found. None needs pytest.

Examples:
    >>> from mmmtl.testing import check_task
    >>> def test_height():
    ...     check_task(Height('height'), lambda images, size: 3 * torch.rand(images, 1, *size))
"""

from mmmtl.testing.consistency_losses import CONSISTENCY_LOSS_PROPERTIES, check_consistency_loss
from mmmtl.testing.datasets import DATASET_PROPERTIES, check_dataset
from mmmtl.testing.decode_heads import DECODE_HEAD_PROPERTIES, check_decode_head
from mmmtl.testing.necks import NECK_PROPERTIES, check_neck
from mmmtl.testing.tasks import TASK_PROPERTIES, check_task
from mmmtl.testing.weightings import WEIGHTING_PROPERTIES, check_weighting

__all__ = [
    'CONSISTENCY_LOSS_PROPERTIES',
    'DATASET_PROPERTIES',
    'DECODE_HEAD_PROPERTIES',
    'NECK_PROPERTIES',
    'TASK_PROPERTIES',
    'WEIGHTING_PROPERTIES',
    'check_consistency_loss',
    'check_dataset',
    'check_decode_head',
    'check_neck',
    'check_task',
    'check_weighting',
]
