"""A plain vision transformer of timm with the final norm on its last feature, as used by multi-task decoders."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from mmmtl.models.backbones.timm_backbone import TimmBackbone
from mmmtl.registry import MODELS


@MODELS.register_module()
class ViTBackbone(TimmBackbone):
    """`TimmBackbone` for a ViT that applies the final norm to its last feature, and optionally has no class token.

    `TimmBackbone` returns the features of all blocks without norm. Here the model's final LayerNorm, with its
    pretrained weights, is applied to the last of ``out_indices``; the others are unchanged. This is the ViT of MLoRE
    (Yang et al., CVPR 2024), which also removes the class token.

    ``forward``: images (N, 3, H, W) -> tuple of (N, C, H / patch, W / patch), from early to late blocks.

    Args:
        model_name: timm's name of a ViT, such as ``'vit_large_patch16_384.augreg_in21k_ft_in1k'``.
        pretrained: See `TimmBackbone`.
        out_indices: Indices of the blocks, in increasing order; by default the last three.
        drop_path_rate: See `TimmBackbone`.
        img_size: Size (H, W) of the position embedding; for images of other sizes, it is interpolated in every step.
        checkpoint: See `TimmBackbone`.
        check_colours: See `TimmBackbone`.
        class_token: False to remove the class token and its position after loading weights.

    Raises:
        ConfigError: The model is not a ViT, or has no class token that can be removed.
        CheckpointError: See `TimmBackbone`.
    """

    def __init__(
        self,
        model_name: str,
        pretrained: bool = False,
        *,
        out_indices: Sequence[int] | None = None,
        drop_path_rate: float | None = None,
        img_size: int | Sequence[int] | None = None,
        checkpoint: str | Mapping[str, Any] | None = None,
        check_colours: bool = True,
        class_token: bool = True,
    ) -> None:
        super().__init__(
            model_name,
            pretrained,
            out_indices=out_indices,
            drop_path_rate=drop_path_rate,
            img_size=img_size,
            checkpoint=checkpoint,
            check_colours=check_colours,
        )
        if not class_token:
            cast(Any, self.model).remove_class_token()

    def extraction_options(self) -> dict[str, Any]:
        """Return the class of timm's features with the final norm."""
        from mmmtl.models.backbones.vit_features import FinalNormFeatures  # imports timm

        return {'feature_cls': FinalNormFeatures}
