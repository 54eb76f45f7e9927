"""How far a prediction may depend on the batch."""

from contextlib import nullcontext

import pytest
import torch

from mmmtl.tasks import Depth
from mmmtl.testing import check_task


@pytest.mark.parametrize(('error', 'is_accepted'), [(1e-7, True), (1e-3, False)])
def test_only_rounding_may_depend_on_the_batch(error, is_accepted):
    """A vectorized sigmoid rounds a value by its position in memory: a batch and its images differ in the last bit."""

    class BatchDepth(Depth):
        def predict(self, logits):
            return self.activate(logits) * (1 + error * (len(logits) > 1))

    name = 'predictions_have_the_shape_and_dtype_of_labels'
    with nullcontext() if is_accepted else pytest.raises(AssertionError, match='depends on the other images'):
        check_task(BatchDepth('depth'), lambda images, size: 1 + torch.rand(images, 1, *size), properties=[name])
