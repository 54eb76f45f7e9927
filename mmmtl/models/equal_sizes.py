"""Predict a batch of images of several sizes, one size at a time."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from mmmtl.structures import MultiTaskDataSample

Batch = Mapping[str, Sequence]  # 'inputs': N images (3, H_i, W_i), 'data_samples': N samples


def predict_by_size(
    predict: Callable[[Batch], list[MultiTaskDataSample]], data: Batch, size_of: Callable[[Tensor], tuple[int, int]]
) -> list[MultiTaskDataSample]:
    """Run ``predict`` once per image size and return its samples in the order of the images.

    An image padded to the size of a larger one would get another prediction: padding affects convolutions at the
    border, global pooling and attention everywhere. A batch of one size is passed on unchanged.

    Args:
        predict: Maps a batch of images of one size to its samples, in order.
        data: Batch of images of any size.
        size_of: Maps an image to its size (H, W) after preprocessing.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for index, image in enumerate(data['inputs']):
        groups.setdefault(size_of(image), []).append(index)
    if len(groups) == 1:
        return predict(data)
    predicted: dict[int, MultiTaskDataSample] = {}
    for indices in groups.values():
        part = {name: [values[index] for index in indices] for name, values in data.items()}
        predicted |= zip(indices, predict(part), strict=True)
    return [predicted[index] for index in range(len(predicted))]
