"""Logits become final maps at the image's own size, in strips or at once."""

import pytest
import torch
import torch.nn.functional as F
from every_task import ALL, every_task

from mmmtl.models import original_size
from mmmtl.models.original_size import final_map, resized_strips
from mmmtl.tasks import Depth, Normal, SemSeg


def logits_of(channels: int, size: tuple[int, int] = (5, 7)) -> torch.Tensor:
    return torch.randn(1, channels, *size, generator=torch.Generator().manual_seed(0))


@every_task
@pytest.mark.parametrize('size', [(5, 7), (23, 31), (40, 7), (9, 90), (3, 4), (1, 1), (3, 50)])
def test_strips_give_what_the_whole_gives(task, size, monkeypatch):
    logits = logits_of(task.channels)
    whole = task.predict(F.interpolate(logits, size, mode='bilinear', antialias=True))[0]
    for pixels in (1, 60, 10**9):
        monkeypatch.setattr(original_size, 'STRIP', pixels)
        torch.testing.assert_close(final_map(task, logits, size), whole, rtol=1e-4, atol=1e-5)


def test_no_strip_of_a_large_map_is_large():
    strips = list(resized_strips(logits_of(3, (96, 128)), (1500, 2000)))
    assert all(strip.shape[2] * strip.shape[3] <= original_size.STRIP for strip in strips)
    assert sum(strip.shape[2] for strip in strips) == 1500


def test_logits_of_the_right_size_stay_as_they_are():
    logits = logits_of(3)
    (strip,) = resized_strips(logits, (5, 7))
    assert strip is logits


def test_classes_are_not_mixed_and_normals_keep_their_length():
    sure = 10 * F.one_hot(torch.tensor([[0, 3]]), 4).permute(2, 0, 1)[None].float()
    classes = final_map(ALL['semseg'], sure, (8, 16))
    assert set(classes.unique().tolist()) == {0, 3}  # no class 1 or 2 between 0 and 3
    assert classes.dtype == torch.int64
    normal = final_map(Normal('normal'), logits_of(3), (20, 30))
    torch.testing.assert_close(normal.norm(dim=0), torch.ones(20, 30))


def test_what_looked_larger_was_taken_for_nearer():
    logits = logits_of(1)
    plain, seen_larger = final_map(Depth('depth'), logits, (9, 9)), final_map(Depth('depth'), logits, (9, 9), 2.0)
    torch.testing.assert_close(seen_larger, 2 * plain)
    classes = logits_of(4)
    semseg = SemSeg('semseg', 'abcd')
    assert torch.equal(final_map(semseg, classes, (9, 9), 2.0), final_map(semseg, classes, (9, 9)))
