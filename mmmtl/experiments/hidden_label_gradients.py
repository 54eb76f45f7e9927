"""Measure whether a consistency loss moves predictions towards labels that it does not see."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.experiments.label_batches import LabelBatch, backbone_features, label_pair_loss
from mmmtl.experiments.undisturbed import undisturbed
from mmmtl.models import MultiTaskModel


def hidden_label_cosines(model: MultiTaskModel, name: str, batch: LabelBatch) -> dict[str, float]:
    """Compute the cosines between the gradients of a consistency loss and those of the task losses.

    As in `condition_losses`, the consistency loss is computed once per task, with only this task labelled. So the
    prediction of each task is compared with labels of other tasks only, while the task loss, the mean over the valid
    pixels of all images, uses its own label: its gradient is the direction in which the prediction would improve. If
    the cosine on the logits is 0, changing them along the gradient of the consistency loss does not change the task
    loss, to first order; the cosine on the parameters says the same of a step of the network.

    Args:
        model: The model.
        name: Key of the loss in ``model.consistency_losses``.
        batch: Images with all labels.

    Returns:
        ``'<task>/prediction'``: cosine of the gradients on the logits of the task, over all images together;
        ``'<task>/parameters'``: cosine of the same gradients, backpropagated to the parameters of the network, without
        the parts that pass through the logits of other tasks. 0 if a gradient is 0. Random directions have a cosine of
        about 1 over the square root of the number of values.
    """
    with undisturbed(model), torch.enable_grad():
        torch.manual_seed(0)  # the encoding of classes is sampled
        features = backbone_features(model, batch)
        torch.clear_autocast_cache()  # weights that were cast without a graph, in older versions of PyTorch
        predicted = model(batch.images, batch.samples)
        logits = {task: values.detach().requires_grad_() for task, values in predicted.items()}
        consistency = label_pair_loss(model, name, logits, features, batch)
        errors = [task.error(logits[key], batch.targets[key]) for key, task in model.tasks.items()]
        supervised = torch.stack([error.sum() / count.sum() for error, count in errors]).sum()
        leaves = [logits[task] for task in model.tasks]
        gradients = [torch.autograd.grad(loss, leaves, materialize_grads=True) for loss in (consistency, supervised)]
        network = [
            parameter
            for key, parameter in model.named_parameters()
            if parameter.requires_grad and not key.startswith('consistency_losses.')
        ]
        cosines = {}
        for task, *pair in zip(model.tasks, *gradients, strict=True):
            cosines[f'{task}/prediction'] = _cosine([pair[0]], [pair[1]])
            cosines[f'{task}/parameters'] = 0.0
            if predicted[task].requires_grad:  # not if backbone and head of the task are frozen
                on_network = [
                    torch.autograd.grad(predicted[task], network, gradient, retain_graph=True, materialize_grads=True)
                    for gradient in pair
                ]
                cosines[f'{task}/parameters'] = _cosine(*on_network)
    return cosines


def _cosine(a: Sequence[Tensor], b: Sequence[Tensor]) -> float:
    one, other = (torch.cat([values.flatten().float() for values in gradient]) for gradient in (a, b))
    return float(F.cosine_similarity(one, other, dim=0))
