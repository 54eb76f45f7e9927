"""The contrastive loss between the regions of two tasks."""

import torch
import torch.nn.functional as F
from torch import Tensor


def noise_contrast(distances: Tensor, valid: Tensor, valid_columns: Tensor, *, members: int) -> tuple[Tensor, Tensor]:
    """Compute equations (3) and (6) of region contrast (Li et al., ECCV 2024) for I pairs of tasks.

    Args:
        distances: (I, M, M + K), divided by the temperature. The first M / 2 members belong to one task, the next M / 2
            are the same members in the other task; ``members`` consecutive ones form a region. The last K columns are
            negatives of all members.
        valid: bool (I, M), which members exist.
        valid_columns: bool (I, M + K), which columns exist.
        members: Members of a region: 1 for whole regions, or the number of pixels per region.

    Returns:
        Mean over the anchors (I,), that is over members that exist in both tasks, 0 without any; and bool (I,), whether
        there is any.
    """
    count = distances.shape[1]
    half = count // 2
    index = torch.arange(count, device=distances.device)
    region = index % half // members
    negative = torch.ones(distances.shape[1:], dtype=torch.bool, device=distances.device)
    negative[:, :count] = region[:, None] != region
    positive = -distances.gather(2, ((index + half) % count).expand(len(distances), -1)[..., None])[..., 0]
    others = (-distances).masked_fill(~(negative & valid_columns[:, None]), torch.finfo(distances.dtype).min / 2)
    losses = F.softplus(others.logsumexp(2) - positive)
    anchors = valid & valid.roll(half, 1)
    counts = anchors.sum(1)
    return torch.where(anchors, losses, 0).sum(1) / counts.clamp(min=1), counts > 0
