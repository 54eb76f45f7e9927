"""The model and its parts."""

from mmmtl.models import backbones, consistency_losses, decode_heads, necks
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.data_preprocessor import ViewPreprocessor
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput, IntermediateStage
from mmmtl.models.decode_heads.task_head import TaskHead
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.models.multi_task_model import MultiTaskModel
from mmmtl.models.necks.neck import Neck, NeckOutput
from mmmtl.models.sharded_model import ShardedModel
from mmmtl.models.size_constraint import SizeConstraint

__all__ = [
    'Backbone',
    'BatchContext',
    'DecodeHead',
    'IntermediateStage',
    'FixedWeighting',
    'HeadOutput',
    'MultiTaskModel',
    'Neck',
    'NeckOutput',
    'ShardedModel',
    'SizeConstraint',
    'TaskHead',
    'ViewPreprocessor',
    'backbones',
    'consistency_losses',
    'decode_heads',
    'necks',
]
