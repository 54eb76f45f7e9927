"""Decode heads: features of backbone or neck -> {task: logits (N, task.channels, h, w)} at the head's own stride.

`ConvHead`, `ASPPHead`, `MultiTapHead`, `SideOutputHead` and `SymmetricDecoder` are heads of one task (`TaskHead`);
`PerTaskHead` builds one for each task. `HRNetHead` and `FPNHead` are heads of all tasks (`DecodeHead`), and so are the
published decoders in which tasks share more than features: `PADNetHead`, `MTINetHead`, `ATRCHead`, `InvPTHead`,
`MLoREHead` and `MemoryExpertsHead`.
"""

from mmmtl.models.decode_heads.aspp_head import ASPPHead
from mmmtl.models.decode_heads.atrc_head import ATRCHead
from mmmtl.models.decode_heads.conv_head import ConvHead
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput, IntermediateStage
from mmmtl.models.decode_heads.fpn_head import FPNHead
from mmmtl.models.decode_heads.hrnet_head import HRNetHead
from mmmtl.models.decode_heads.invpt_head import InvPTHead
from mmmtl.models.decode_heads.memory_experts_head import MemoryExpertsHead
from mmmtl.models.decode_heads.mlore_head import MLoREHead
from mmmtl.models.decode_heads.mti_net_head import MTINetHead
from mmmtl.models.decode_heads.multi_tap_head import MultiTapHead
from mmmtl.models.decode_heads.pad_net_head import PADNetHead
from mmmtl.models.decode_heads.per_task_head import PerTaskHead
from mmmtl.models.decode_heads.side_output_head import SideOutputHead
from mmmtl.models.decode_heads.symmetric_decoder import SymmetricDecoder
from mmmtl.models.decode_heads.task_head import TaskHead

__all__ = [
    'ASPPHead',
    'ATRCHead',
    'ConvHead',
    'DecodeHead',
    'IntermediateStage',
    'FPNHead',
    'HRNetHead',
    'HeadOutput',
    'MTINetHead',
    'MLoREHead',
    'MemoryExpertsHead',
    'InvPTHead',
    'MultiTapHead',
    'PADNetHead',
    'PerTaskHead',
    'SideOutputHead',
    'SymmetricDecoder',
    'TaskHead',
]
