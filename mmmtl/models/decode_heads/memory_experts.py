"""One level of a memory mixture of experts: experts on a feature, gates and memory of each task."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MemoryExperts(nn.Module):
    """Mix experts on the feature F of one level with the memories M_t of the tasks, and update the memories.

    With E experts e_i = GELU(BN(conv1x1(F))), shared by the tasks, and K memories m_k, of task t or of all tasks,

        c_t = (mean over pixels of F, mean over pixels of M_t)
        g_t = softmax over E + K of linear_t(c_t) + conv1x1_t(F), per pixel
        D_t = sum over i of g_ti e_i + sum over k of g_tk m_k
        M_t <- M_t + GELU(BN(conv3x3(D_t)))

    ``forward``: F (N, C_F, h, w), {task: M_t (N, C, h, w)} -> {task: M_t (N, C, h, w)}.

    Args:
        in_channels: C_F.
        channels: C.
        num_experts: E.
        memories: For each task, the names of the tasks whose memory it reads.
    """

    def __init__(
        self, in_channels: int, channels: int, num_experts: int, memories: Mapping[str, tuple[str, ...]]
    ) -> None:
        super().__init__()
        self.channels, self.num_experts, self.memories = channels, num_experts, dict(memories)
        self.experts = nn.Sequential(
            nn.Conv2d(in_channels, num_experts * channels, 1, bias=False),
            nn.BatchNorm2d(num_experts * channels),
            nn.GELU(),
        )
        self.image_gates = nn.ModuleDict(
            {name: nn.Linear(in_channels + channels, num_experts + len(read)) for name, read in memories.items()}
        )
        self.pixel_gates = nn.ModuleDict(
            {name: nn.Conv2d(in_channels, num_experts + len(read), 1, bias=False) for name, read in memories.items()}
        )
        self.write = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.GELU()
                )
                for name in memories
            }
        )

    def forward(self, feature: Tensor, memory: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the updated memories."""
        experts = self.experts(feature).unflatten(1, (self.num_experts, self.channels))  # (N, experts, C, h, w)
        mean = feature.mean((2, 3))
        updated = {}
        for name, own in memory.items():
            by_image = self.image_gates[name](torch.cat([mean, own.mean((2, 3))], 1))
            logits = by_image[:, :, None, None] + self.pixel_gates[name](feature)
            gates = logits.float().softmax(1).to(feature.dtype)
            # no einsum: on CPUs, batch norm computes wrong gradients from its memory layout if N is 1 (torch 2.14)
            decoded = (gates[:, : self.num_experts, None] * experts).sum(1)
            for index, other in enumerate(self.memories[name], start=self.num_experts):
                decoded = decoded + gates[:, index : index + 1] * memory[other]
            updated[name] = own + self.write[name](decoded)
        return updated
