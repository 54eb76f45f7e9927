"""CvM and its baselines from a pretrained encoder: EfficientNet-Lite0 from ImageNet and a feature pyramid.

On small rooms and on pairs of photographs, otherwise as the recipes on ResNet-18 from scratch, with half their learning
rate.
"""

from mmmtl.models import ViewPreprocessor
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import FPNHead

_lite0 = {
    'model.backbone': dict(
        _delete_=True, type=TimmBackbone, model_name='tf_efficientnet_lite0', out_indices=(1, 2, 3, 4), pretrained=True
    ),
    'model.decode_head': dict(_delete_=True, type=FPNHead, channels=64),
    'model.data_preprocessor': dict(
        _delete_=True, type=ViewPreprocessor, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), channels_last=True
    ),
    'optim_wrapper.optimizer.lr': 1e-3,
}

rows = dict(
    rooms_baseline=('../baseline/aspp_resnet18_b12_900i_rooms_small_pairs_full.py', _lite0),
    rooms_cvm=('cvm_resnet18_b12_900i_rooms_small_pairs_full.py', _lite0),
    photographs_baseline=('../baseline/aspp_resnet18_b8_540i_two_view_pairs_full.py', _lite0),
    photographs_cvm=('cvm_resnet18_b8_540i_two_view_pairs_full.py', _lite0),
)
