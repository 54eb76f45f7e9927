"""Distillation: features of the backbone imitate those of frozen teachers."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.models.teachers.teacher_cache import TeacherCache
from mmmtl.models.teachers.timm_teacher import TimmTeacher
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class FeatureDistillation(ConsistencyLoss):
    """Distance between the backbone's imitations and the maps of teachers, the distillation loss of SAK (ICLR 2025).

    Sum over teachers and taps of 0.9 (1 - cos(s, t)) + 0.1 SmoothL1(s, t), averaged over the images. The cosine is
    computed on whole, flattened maps; SmoothL1 is averaged over pixels and channels. The coarser map (by its height) is
    resized to the finer one, bilinearly. In every step, the input of the teachers is the augmented batch.

    If the only random augmentation is a horizontal flip, ``cache`` can store the maps of the teachers in files. The
    teachers then receive unflipped images, and their maps are flipped with the image.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        teachers: ``{name: config}`` of a `TimmTeacher` each; the names are those of `Backbone.imitations`.
        cosine: Fraction of the cosine term, in [0, 1]; SmoothL1 has the rest.
        unflip: Whether teachers receive unflipped images even without ``cache``.
        cache: Folder for the maps of the teachers; None to compute them in every step.
        without_tasks: Whether the run trains only the features, on images without labels, as in the first stage of SAK.
        **kwargs: ``weight`` and ``init_cfg`` of `ConsistencyLoss`.

    Raises:
        ConfigError: ``cosine`` is not in [0, 1], or the teachers do not match the imitations in name or channels.
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
        """Look up which features imitate which teacher.

        Raises:
            ConfigError: The names of the teachers are not those of the imitations.
        """
        if set(self.teachers) != set(backbone.imitations):
            raise ConfigError(
                f'FeatureDistillation.teachers are {", ".join(sorted(self.teachers)) or "none"}, but '
                f'{type(backbone).__name__} imitates {", ".join(sorted(backbone.imitations)) or "none"}; use the same '
                'names, in a backbone such as SAK'
            )
        self.imitations = backbone.imitations

    def prepare_training(self) -> None:
        """Load the teachers, so that missing weights are reported before the first step.

        Raises:
            ConfigError: A teacher has different numbers of channels than its imitations.
        """
        for name, teacher in self.teachers.items():
            wanted = tuple(self.in_channels[index] for index in self.imitations[name])
            if teacher.out_channels != wanted:
                raise ConfigError(
                    f'FeatureDistillation.teachers.{name}: {teacher.model_name} returns maps of '
                    f'{teacher.out_channels} channels, but the imitations have {wanted}; set the number of channels in '
                    'the backbone, and one index per tap in out_indices of the teacher'
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
            samples: N samples; those with ``supervision_role='supervised'`` are ignored.
            rgb: Images (N, 3, H, W) in [0, 1].
        """
        assert rgb is not None, 'FeatureDistillation needs the images'
        indices = indices_for('consistency', samples)
        total = self.zero({str(index): x for index, x in enumerate(features)})
        if not indices:
            return self.per_image(total, samples, 0)
        imitations = {str(index): features[index] for tap in self.imitations.values() for index in tap}
        chosen = select_images({'rgb': rgb, **imitations}, indices)
        for name in self.teachers:
            target_maps = self.teacher_maps(name, chosen['rgb'], [samples[index] for index in indices])
            for index, target in zip(self.imitations[name], target_maps, strict=True):
                imitation = chosen[str(index)].float()
                total = total + map_distances(imitation, target.float(), self.cosine).sum()
        return self.per_image(total, samples)

    def teacher_maps(self, name: str, rgb: Tensor, samples: Sequence[MultiTaskDataSample]) -> tuple[Tensor, ...]:
        """Return the maps of a teacher (N, C, h, w), without gradient."""
        teacher = self.teachers[name]
        flipped = [index for index, sample in enumerate(samples) if self.unflip and sample.get('flipped', False)]
        rgb = _flip(rgb, flipped)
        maps = self.cache.maps(teacher, rgb, samples) if self.cache else teacher(rgb)
        return tuple(_flip(x, flipped) for x in maps)


def map_distances(imitation: Tensor, target: Tensor, cosine: float = 0.9) -> Tensor:
    """Return the distance (N,) between the maps (N, C, h, w) of each image; the sizes of the two may differ."""
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
