"""Features of a plain vision transformer of timm, the last one normalized; importing this file imports timm."""

from typing import Any, cast

from timm.models._features import FeatureGetterNet
from timm.models.eva import Eva
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from mmmtl.errors import ConfigError


class FinalNormFeatures(FeatureGetterNet):
    """timm's features of chosen blocks, with the final norm and its pretrained weights applied to the last one.

    Raises:
        ConfigError: The model is not a plain ViT.
    """

    def __init__(self, model: nn.Module, *args: Any, **kwargs: Any) -> None:
        if not isinstance(model, VisionTransformer | Eva):
            raise ConfigError(f'ViTBackbone needs a plain ViT, but the model is of class {type(model).__name__}')
        super().__init__(model, *args, **{**kwargs, 'norm': True})  # True keeps the norm

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the features of the chosen blocks, each (N, C, h, w)."""
        vit = cast(Any, self.model)
        *features, last = vit.forward_intermediates(
            images, indices=self.out_indices, output_fmt=self.output_fmt.value, intermediates_only=True
        )
        return [*features, vit.norm(last.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).contiguous()]

    def remove_class_token(self) -> None:
        """Remove the class token and its entry of the position embedding.

        Raises:
            ConfigError: The class token is not the only token before those of the patches.
        """
        vit = self.model
        if not isinstance(vit, VisionTransformer) or vit.num_prefix_tokens != 1 or vit.cls_token is None:
            raise ConfigError('ViTBackbone.class_token=False needs a ViT with a class token and no other extra token')
        if vit.pos_embed is not None and not vit.no_embed_class:
            vit.pos_embed = nn.Parameter(vit.pos_embed.detach()[:, 1:].clone())
        vit.cls_token, vit.num_prefix_tokens, vit.has_class_token = None, 0, False
