"""A network with everything between an image and its maps: colours, layers, resizing, activation and units."""

from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.full_size import at_full_size


class ExportedNetwork(nn.Module):
    """Maps images (N, 3, H, W) uint8 RGB to the final map of every task, as `MultiTaskModel.test_step` computes it.

    The graph pads images to the multiple that the network needs, and crops the logits. The logits are resized to the
    size of the maps and then activated, so that classes have clean borders and normals unit length.

    Args:
        model: The network, in evaluation mode.
        probabilities: Whether tasks of classes return probabilities (N, K, H, W) instead of class indices (N, 1, H, W),
            uint8.
        views: Number of views of the scene that the N = ``views`` images show; 1 if every image is a scene.

    Raises:
        ConfigError: ``views`` does not suit the network.
    """

    def __init__(self, model: MultiTaskModel, *, probabilities: bool = False, views: int = 1) -> None:
        super().__init__()
        if views < 1 or (views > 1 and not model.looks_across_views):
            raise ConfigError(f'views: {views}, but this network takes single images; omit it')
        self.model, self.views = model, views
        self.register_buffer('mean', model.data_preprocessor.mean.clone())
        self.register_buffer('std', model.data_preprocessor.std.clone())
        self.activations: dict[str, Callable[[Tensor], Tensor]] = {
            name: task.activate if probabilities and task.loss_space == 'classes' else task.predict
            for name, task in model.tasks.items()
        }

    def forward(
        self,
        image: Tensor,
        map_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        camera_T_world: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Return the map of every task, in the order of the model's tasks, each (N, C, height, width).

        Args:
            image: (N, 3, H, W) uint8 RGB.
            map_size: (height, width) of the maps, int64 (2,); a number that is not positive stands for that of the
                image. None for the size of the image.
            intrinsics: (N, 3, 3) in pixels of ``image``; for several views.
            camera_T_world: (N, 4, 4), world to camera in metres; for several views.
        """
        model, size = self.model, (image.shape[2], image.shape[3])
        normalized = (image.float() - cast(Tensor, self.mean)) / cast(Tensor, self.std)
        divisor = model.data_preprocessor.divisor
        if divisor > 1:
            normalized = F.pad(normalized, (0, -size[1] % divisor, 0, -size[0] % divisor))
        images = model.size_constraint.pad(normalized)
        views = (self.views,) * (len(image) // self.views) if model.looks_across_views else ()
        context = BatchContext(model.tasks, images, views, intrinsics, camera_T_world)
        neck = model.neck(model.backbone(images), context)
        output = at_full_size(model.decode_head(neck.features, context), context.image_shape, size)
        return tuple(
            _as_stored(activate(_resized(output.logits[name], map_size))) for name, activate in self.activations.items()
        )


def _resized(logits: Tensor, map_size: Tensor | None) -> Tensor:
    """Resize logits (N, C, H, W) bilinearly, antialiased where they shrink, as `mmmtl.models.original_size` does.

    They are shrunk by matrices and then enlarged: the antialiased resize of onnxruntime differs by 1e-3.
    """
    if map_size is None:
        return logits
    logits_size = torch.stack([torch.as_tensor(length) for length in logits.shape[2:]]).to(map_size)
    size = torch.where(map_size > 0, map_size, logits_size)
    rows, columns = (_shrinking(logits_size[axis], torch.minimum(size, logits_size)[axis]) for axis in range(2))
    height, width = (cast(int, length) for length in size.unbind())
    return F.interpolate(rows @ logits @ columns.mT, (height, width), mode='bilinear', align_corners=False)


def _shrinking(length: Tensor, shorter: Tensor) -> Tensor:
    """Return the matrix (shorter, length) that averages with a triangle of the width of two new pixels."""
    scale = length.float() / shorter.float()
    positions = torch.arange(cast(int, length), dtype=torch.float32) + 0.5
    centres = (torch.arange(cast(int, shorter), dtype=torch.float32) + 0.5) * scale
    weights = torch.relu(1 - (positions - centres[:, None]).abs() / scale)
    return weights / weights.sum(1, keepdim=True)


def _as_stored(values: Tensor) -> Tensor:
    """Convert class indices to uint8."""
    return values if values.is_floating_point() else values.to(torch.uint8)
