"""Measure whether a consistency loss moves predictions towards the labels that it does not see."""

import torch
import torch.nn.functional as F

from mmmtl.experiments.label_batches import LabelBatch, label_pair_loss
from mmmtl.experiments.undisturbed import undisturbed
from mmmtl.models import MultiTaskModel


def hidden_label_cosines(model: MultiTaskModel, name: str, batch: LabelBatch) -> dict[str, float]:
    """Compute the cosine between the gradients of a consistency loss and of the task losses on the predictions.

    As in `condition_losses`, the consistency loss is computed once per task, with only this task labelled. So the
    prediction of each task is compared with labels of other tasks only, while the task loss, which uses its own label,
    shows the direction in which the prediction would improve. A loss whose cosine is 0 cannot teach the task; random
    directions have a cosine of about 1 over the square root of the number of logits.

    Args:
        model: The model.
        name: Key of the loss in ``model.consistency_losses``.
        batch: Images with all labels.

    Returns:
        ``{task: cosine}``, over the logits of all images together; 0 if a gradient is 0.
    """
    with undisturbed(model):
        torch.manual_seed(0)  # the encoding of classes is sampled
        with torch.no_grad():
            features = model.backbone(model.context(batch.images, batch.samples).images)
            predicted = model(batch.images, batch.samples)
        logits = {task: values.detach().requires_grad_() for task, values in predicted.items()}
        with torch.enable_grad():
            consistency = label_pair_loss(model, name, logits, features, batch)
            errors = [task.error(logits[key], batch.targets[key]) for key, task in model.tasks.items()]
            supervised = torch.stack([error.sum() / count.sum() for error, count in errors]).sum()
        leaves = [logits[task] for task in model.tasks]
        gradients = [torch.autograd.grad(loss, leaves, materialize_grads=True) for loss in (consistency, supervised)]
    return {
        task: float(F.cosine_similarity(a.flatten().float(), b.flatten().float(), dim=0))
        for task, a, b in zip(model.tasks, *gradients, strict=True)
    }
