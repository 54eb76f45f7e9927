"""Semi-supervision: nothing for what moves along with the crop, the window by a plain loop, depth by the zoom."""

import pytest
import torch
import torch.nn.functional as F
from partial_batches import EXACT, SIZE, make_batch

from mmmtl.errors import DataError
from mmmtl.models.consistency_losses import SemiSupervised

WINDOW = (3, 5, 10, 16)


def make_loss() -> SemiSupervised:
    return SemiSupervised(EXACT, (4, 8), (1, 4))


def by_loop(batch) -> torch.Tensor:
    """Image by image, task by task: cut out, then `interpolate`, which like ours looks no farther than the window."""
    logits, _, _, samples = batch
    total = 0.0
    for number in range(1, len(samples), 2):
        top, left, height, width = samples[number].window
        unlabelled = [name for name in EXACT if name not in samples[number].gt]
        for name in unlabelled:
            values = EXACT[name].activate(logits[name])
            whole = F.pad(values[number - 1 : number], (1, 1, 1, 1), mode='replicate')
            part = whole[
                ..., top : top + height + 2, left : left + width + 2
            ]  # with a rim, as bilinear sampling sees it
            scale = SIZE[0] / height, SIZE[1] / width
            grown = sample(part, scale)
            if name == 'depth':
                grown = grown / samples[number].zoom
            total = total + F.mse_loss(grown[0], values[number]) / len(unlabelled)
    return total / (len(samples) // 2)


def sample(part: torch.Tensor, scale: tuple[float, float]) -> torch.Tensor:
    """A window with a rim of one pixel -> `SIZE`, pixel by pixel."""
    out = part.new_zeros(*part.shape[:2], *SIZE)
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            y, x = (row + 0.5) / scale[0] + 0.5, (column + 0.5) / scale[1] + 0.5
            i, j = int(y), int(x)
            a, b = y - i, x - j
            out[..., row, column] = (
                (1 - a) * (1 - b) * part[..., i, j]
                + (1 - a) * b * part[..., i, j + 1]
                + a * (1 - b) * part[..., i + 1, j]
                + a * b * part[..., i + 1, j + 1]
            )
    return out


def test_the_loss_and_its_gradients_equal_a_loop_over_images_and_pairs():
    batch = make_batch([('depth',), (), ('saliency', 'normal'), tuple(EXACT)], crops=True)
    for sample_ in batch[3][1::2]:
        sample_.set_metainfo({'window': WINDOW})
    torch.testing.assert_close(make_loss()(*batch), by_loop(batch), rtol=1e-4, atol=1e-5)


def test_what_moves_with_the_crop_costs_nothing():
    logits, targets, features, samples = make_batch([()], crops=True)
    top, left, height, width = WINDOW
    samples[1].set_metainfo({'window': WINDOW, 'zoom': 1.6})
    y = torch.arange(SIZE[0])[:, None] + 0.5
    x = torch.arange(SIZE[1])[None] + 0.5
    plane = 1 + 0.1 * y + 0.05 * x
    inner = 1 + 0.1 * (top + y * height / SIZE[0]) + 0.05 * (left + x * width / SIZE[1])
    logits['depth'].data[0, 0], logits['depth'].data[1, 0] = plane, inner / 1.6
    for name in ('saliency', 'normal'):
        logits[name].data[:] = torch.tensor([0.3, -0.2, 0.5])[: logits[name].shape[1], None, None]
    assert make_loss()(logits, targets, features, samples) < 1e-10
    samples[1].set_metainfo({'window': (0, 0, height, width)})
    assert make_loss()(logits, targets, features, samples) > 0.01


def test_the_padding_is_not_used():
    batch = make_batch([('depth',)], crops=True)
    for one in batch[3]:
        one.set_metainfo({'img_shape': (12, 20)})
    batch[3][1].set_metainfo({'window': (1, 1, 9, 15)})
    before = make_loss()(*batch)
    for values in batch[0].values():
        values.data[1, :, 12:] = values.data[1, :, :, 20:] = 1e3
    assert make_loss()(*batch) == before


def test_both_crops_learn():
    batch = make_batch([('depth',)], crops=True)
    make_loss()(*batch).backward()
    assert all(batch[0]['normal'].grad.abs().amax((1, 2, 3)) > 0) and not batch[0]['depth'].grad.any()


def test_images_with_every_label_give_a_zero_that_is_connected():
    batch = make_batch([tuple(EXACT)] * 2, crops=True)
    value = make_loss()(*batch)
    value.backward()
    assert value == 0 and all(values.grad is not None and not values.grad.any() for values in batch[0].values())


def test_a_single_crop():
    with pytest.raises(DataError, match='0.png.*TwoCrops'):
        make_loss()(*make_batch([('depth',)]))
