"""Distillation: features of the backbone imitate those of frozen teachers."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.supervision_role import indices_for
from mmmtl.models.teachers.teacher_cache import TeacherCache
from mmmtl.models.teachers.timm_teacher import TimmTeacher
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class FeatureDistillation(ConsistencyLoss):
    """Distance of the backbone's imitations to the maps of teachers, the distillation loss of SAK (ICLR 2025).

    Sum over teachers and taps of 0.9 (1 - cos(s, t)) + 0.1 SmoothL1(s, t), averaged over the images. The cosine is that
    of whole maps, flattened; SmoothL1 is averaged over pixels and channels. The coarser map (by its height) is resized
    to the finer one, bilinearly. The teachers see the images of the batch after augmentation, in every step.

    Where the pixels are a function of the image and a horizontal flip, ``cache`` stores the maps of the teachers in
    files. Teachers then see unflipped images, and their maps are flipped with the image.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        teachers: ``{name: config}`` of a `TimmTeacher` each; the names are those of `Backbone.imitations`.
        cosine: Fraction of the cosine term, in [0, 1]; SmoothL1 has the rest.
        unflip: Whether teachers see unflipped images, also without ``cache``.
        cache: Folder for the maps of the teachers; None to compute them in every step.
        without_tasks: Whether the run trains the features only, as the first stage of SAK, on images without labels.
        **kwargs: ``weight`` and ``init_cfg`` of `ConsistencyLoss`.

    Raises:
        ConfigError: ``cosine`` is not in [0, 1], or teachers and imitations do not match.
    """

    reads = ('rgb',)

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        teachers: Mapping[str, dict],
        cosine: float = 0.9,
        unflip: bool = False,
        cache: str | None = None,
        without_tasks: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, in_channels, strides, **kwargs)
        (self.cosine,) = self.non_negative(cosine=cosine)
        if cosine > 1:
            raise ConfigError(f'FeatureDistillation.cosine must be from 0 to 1, found {cosine}')
        self.teachers: dict[str, TimmTeacher] = {
            name: MODELS.build({'type': TimmTeacher, **config}) for name, config in teachers.items()
        }
        self.cache = TeacherCache(cache) if cache else None
        self.unflip, self.without_tasks = unflip or cache is not None, without_tasks
        self.imitations: Mapping[str, tuple[int, ...]] = {}

    def connect(self, backbone: Backbone) -> None:
        """Look up which features imitate which teacher."""
        if set(self.teachers) != set(backbone.imitations):
            raise ConfigError(
                f'FeatureDistillation.teachers are {", ".join(sorted(self.teachers)) or "none"}, but '
                f'{type(backbone).__name__} imitates {", ".join(sorted(backbone.imitations)) or "none"}; use the same '
                'names, in a backbone such as SAK'
            )
        self.imitations = backbone.imitations

    def prepare_training(self) -> None:
        """Load the teachers, so that missing weights are reported before the first step."""
        for name, teacher in self.teachers.items():
            wanted = tuple(self.in_channels[index] for index in self.imitations[name])
            if teacher.out_channels != wanted:
                raise ConfigError(
                    f'FeatureDistillation.teachers.{name}: {teacher.model_name} returns maps of '
                    f'{teacher.out_channels} channels, but the imitations have {wanted}; set the number of channels in '
                    'the backbone, and one of out_indices per tap'
                )

    def supervised_tasks(self) -> set[str]:
        """Return all tasks in a run that trains the features only, and none otherwise."""
        return set(self.tasks) if self.without_tasks else set()

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
        rgb: Tensor | None = None,
    ) -> Tensor:
        """Return the loss.

        Args:
            logits: Not used.
            targets: Not used.
            features: The backbone's features.
            samples: N samples; those with ``supervision_role='supervised'`` are left out.
            rgb: Images (N, 3, H, W) in [0, 1].
        """
        assert rgb is not None, 'FeatureDistillation needs the images'
        indices = indices_for('consistency', samples)
        total = self.zero({str(index): x for index, x in enumerate(features)})
        if not indices:
            return self.per_image(total, samples, 0)
        images = rgb if len(indices) == len(samples) else rgb[indices]
        for name in self.teachers:
            taught = self.teacher_maps(name, images, [samples[index] for index in indices])
            for index, target in zip(self.imitations[name], taught, strict=True):
                imitation = features[index] if len(indices) == len(samples) else features[index][indices]
                total = total + map_distances(imitation.float(), target.float(), self.cosine).sum()
        return self.per_image(total, samples)

    def teacher_maps(self, name: str, rgb: Tensor, samples: Sequence[MultiTaskDataSample]) -> tuple[Tensor, ...]:
        """Return the maps of a teacher (N, C, h, w), without gradient."""
        teacher = self.teachers[name]
        flipped = [index for index, sample in enumerate(samples) if self.unflip and sample.get('flipped', False)]
        rgb = _flip(rgb, flipped)
        maps = self.cache.maps(teacher, rgb, samples) if self.cache else teacher(rgb)
        return tuple(_flip(x, flipped) for x in maps)


def map_distances(imitation: Tensor, target: Tensor, cosine: float = 0.9) -> Tensor:
    """Return the distance of two maps per image, (N,); their sizes may differ."""
    size, wanted = imitation.shape[-2:], target.shape[-2:]
    if size != wanted and wanted[0] > size[0]:
        imitation = F.interpolate(imitation, wanted, mode='bilinear', align_corners=False)
    elif size != wanted:
        target = F.interpolate(target, size, mode='bilinear', align_corners=False)
    one, other = imitation.flatten(1), target.flatten(1)
    l1 = F.smooth_l1_loss(one, other, reduction='none').mean(1)
    return cosine * (1 - F.cosine_similarity(one, other)) + (1 - cosine) * l1


def _flip(maps: Tensor, indices: Sequence[int]) -> Tensor:
    """Flip some images of a batch horizontally."""
    if not indices:
        return maps
    flipped = torch.zeros(len(maps), dtype=torch.bool)
    flipped[list(indices)] = True
    return torch.where(flipped.to(maps.device, non_blocking=True)[:, None, None, None], maps.flip(-1), maps)
