"""Prediction for a batch of images of several sizes, one size at a time."""

from collections.abc import Callable, Sequence

from torch import Tensor

from mmmtl.structures import MultiTaskDataSample

Batch = dict[str, Sequence]  # 'inputs': N images (3, H_i, W_i), 'data_samples': N samples


def predict_by_size(
    predict: Callable[[Batch], list[MultiTaskDataSample]], data: Batch, size_of: Callable[[Tensor], tuple[int, int]]
) -> list[MultiTaskDataSample]:
    """Run ``predict`` once per image size and return its samples in the order of the images.

    A small image that is padded to the size of a larger one gets another prediction: convolutions see the padding at
    the border, global pooling and attention see it everywhere. A batch of one size is handed on as it is.

    Args:
        predict: Batch of images of one size -> its samples, in order.
        data: Batch of images of any size.
        size_of: Image -> the size (H, W) at which the network sees it.
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
