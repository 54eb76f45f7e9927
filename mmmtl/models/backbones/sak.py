"""SAK: a ViT with an adapter path per vision foundation model, and a mixture of their maps per task."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from torch import Tensor, nn

from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.models.backbones.adapter import Adapter, init_linear
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.backbones.representation_mixture import RepresentationMixture
from mmmtl.models.backbones.timm_backbone import TimmBackbone
from mmmtl.models.sample_noise import noise_keys
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.registry import MODELS


@MODELS.register_module()
class SAK(Backbone):
    """Swiss Army Knife (Lu et al., "Swiss Army Knife: Synergizing Biases in Knowledge from Vision Foundation Models for
    Multi-Task Learning", ICLR 2025).

    A ViT without its last norm gives tokens x^0 (after the position embedding, with class token) to x^n (after block
    n). Per teacher k, a path of adapters follows: r_k^0 = A_k^0(x^0), r_k^i = A_k^i(r_k^(i-1) + x^i). At a tap, u_k is
    LN(r_k) without the class token. Its linear map to the teacher's width, or u_k itself if the widths are equal, is
    trained to imitate the teacher by `FeatureDistillation`. A `RepresentationMixture` per tap and task combines the map
    of the ViT and all u_k.

    The noise of the mixtures is the same in a resumed run, and with any number of processes (`noise_keys`).

    ``forward``: images (N, 3, H, W) -> for each task in order, its maps (N, C, H / p, W / p) of every tap, with
    patch size p,
    for ``PerTaskHead(maps_per_task=<number of taps>)``; then, for each teacher, its imitated maps of every tap.

    Args:
        tasks: Task names; passed by the model.
        vit: Config of a `TimmBackbone` with a plain ViT; its ``out_indices`` are the blocks, counted from 0 and
            ascending, after which maps are tapped.
        teachers: ``{name: channels}`` of the teachers' maps, in the order of the paths. Use the same names in
            `FeatureDistillation`.
        reduction: Channels C divided by the channels in the bottleneck of an adapter, from 1 to C.
        mixing: Whether to use mixtures. Without them, as in the first stage, which only distils, the maps of every
            task are those of the ViT.

    Raises:
        ConfigError: The model is not a plain ViT, there is no teacher, or ``out_indices`` or ``reduction`` are invalid.
    """

    needs_tasks = True

    def __init__(
        self,
        tasks: Collection[str],
        vit: Mapping[str, Any],
        teachers: Mapping[str, int],
        *,
        reduction: int = 4,
        mixing: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not teachers:
            raise ConfigError('SAK.teachers must name at least one teacher, {name: channels}, found none')
        self.stem: TimmBackbone = MODELS.build({'type': TimmBackbone, **vit})
        channels, patch = self.stem.out_channels[0], self.stem.strides[0]
        self.mixing, self.taps, self.tasks = mixing, _checked_taps(vit.get('out_indices', ())), tuple(tasks)
        if not 1 <= reduction <= channels:
            raise ConfigError(f'SAK.reduction must be from 1 to {channels}, found {reduction}')
        width = channels // reduction
        self.adapters, self.norms, self.aligners = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        for name, wanted in teachers.items():
            self.adapters[name] = nn.ModuleList(Adapter(channels, width) for _ in range(len(self.blocks) + 1))
            self.norms[name] = nn.ModuleList(nn.LayerNorm(channels) for _ in self.taps)
            self.aligners[name] = nn.ModuleList(
                nn.Identity() if wanted == channels else nn.Linear(channels, wanted) for _ in self.taps
            )
        self.aligners.apply(init_linear)
        self.mixtures = nn.ModuleDict()
        for number, task in enumerate(tasks if mixing else ()):
            self.mixtures[task] = nn.ModuleList(
                RepresentationMixture(channels, len(teachers) + 1, stream=number * len(self.taps) + tap)
                for tap in range(len(self.taps))
            )
        count, per_task = len(self.taps), len(self.taps) * len(tasks)
        widths = [wanted for wanted in teachers.values() for _ in range(count)]
        self.out_channels = (*[channels] * per_task, *widths)
        self.strides = (patch,) * len(self.out_channels)
        self.imitations = {
            name: tuple(range(per_task + number * count, per_task + (number + 1) * count))
            for number, name in enumerate(teachers)
        }
        self.size_constraint = SizeConstraint(multiple=patch)
        self._register_load_state_dict_pre_hook(self._resample_position_embedding)

    @property
    def blocks(self) -> nn.Sequential:
        """The blocks of the ViT, up to the last tap."""
        return _plain_vit(self.stem).blocks

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the maps of every task, then those that imitate every teacher."""
        shared, per_teacher = self.representations(images)
        per_tap = list(zip(shared, *per_teacher.values(), strict=True))
        if self.mixing:
            keys = noise_keys(images) if self.training else None
            mixed = [
                mixture(maps, keys)
                for mixtures in self.mixtures.values()
                for mixture, maps in zip(cast(nn.ModuleList, mixtures), per_tap, strict=True)
            ]
        else:
            mixed = shared * len(self.tasks)
        imitated = [
            aligner(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            for name, maps in per_teacher.items()
            for aligner, x in zip(cast(nn.ModuleList, self.aligners[name]), maps, strict=True)
        ]
        return *mixed, *imitated

    def representations(self, images: Tensor) -> tuple[list[Tensor], dict[str, list[Tensor]]]:
        """Return the maps of the ViT at the taps, and those of the adapter paths, ``{teacher: maps}``."""
        vit = _plain_vit(self.stem)
        grid = tuple(length // self.strides[0] for length in images.shape[-2:])
        tokens = vit.norm_pre(vit.patch_drop(vit._pos_embed(vit.patch_embed(images))))
        paths = {name: adapters[0](tokens) for name, adapters in self._named_adapters()}
        shared: list[Tensor] = []
        per_teacher: dict[str, list[Tensor]] = {name: [] for name in paths}
        for index, block in enumerate(vit.blocks):
            tokens = block(tokens)
            paths = {name: adapters[index + 1](paths[name] + tokens) for name, adapters in self._named_adapters()}
            if index in self.taps:
                tap = len(shared)
                shared.append(to_map(tokens, vit.num_prefix_tokens, grid))
                for name, path in paths.items():
                    norm = cast(nn.ModuleList, self.norms[name])[tap]
                    per_teacher[name].append(to_map(norm(path), vit.num_prefix_tokens, grid))
        return shared, per_teacher

    def _resample_position_embedding(self, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
        """Resample the position embedding of a checkpoint for the size of this ViT, as timm does for its own weights.

        Weights of the first stage, trained on square images, can thus initialize the second. If the number of positions
        is equal, the embedding is not changed.

        Raises:
            CheckpointError: The embedding has a different size and does not belong to square images.
        """
        from timm.layers import resample_abs_pos_embed

        vit, key = _plain_vit(self.stem), f'{prefix}stem.model.model.pos_embed'
        own, given = vit.pos_embed, state_dict.get(key)
        if own is None or given is None or given.dim() != 3 or given.shape[1] == own.shape[1]:
            return
        prefix_tokens = 0 if vit.no_embed_class else vit.num_prefix_tokens
        positions = given.shape[1] - prefix_tokens
        if math.isqrt(positions) ** 2 != positions:
            raise CheckpointError(
                f'{key} has {positions} positions, which is not a square number; set vit=dict(img_size=(H, W)) to the '
                'size of the images that the checkpoint was trained with'
            )
        state_dict[key] = resample_abs_pos_embed(
            given, list(vit.patch_embed.grid_size), num_prefix_tokens=prefix_tokens
        )

    def _named_adapters(self) -> list[tuple[str, nn.ModuleList]]:
        return [(name, cast(nn.ModuleList, adapters)) for name, adapters in self.adapters.items()]


def to_map(tokens: Tensor, prefix: int, grid: tuple[int, ...]) -> Tensor:
    """Drop the prefix tokens of (N, prefix + h w, C) and return a map (N, C, h, w)."""
    return tokens[:, prefix:].transpose(1, 2).unflatten(2, grid)


def _plain_vit(stem: TimmBackbone) -> Any:
    """Return the ViT in the feature extractor of timm.

    Raises:
        ConfigError: It is not a plain ViT.
    """
    from timm.models._features import FeatureGetterNet
    from timm.models.vision_transformer import VisionTransformer

    vit = stem.model.model if isinstance(stem.model, FeatureGetterNet) else stem.model
    if not isinstance(vit, VisionTransformer):
        raise ConfigError(
            f'SAK.vit must be a plain ViT of timm, such as vit_base_patch16_384, found {type(vit).__name__}'
        )
    return vit


def _checked_taps(out_indices: Sequence[int]) -> tuple[int, ...]:
    taps = tuple(out_indices)
    if not taps or list(taps) != sorted(set(taps)) or taps[0] < 0:
        raise ConfigError(f'SAK.vit.out_indices must be ascending block indices from 0, found {taps}')
    return taps
