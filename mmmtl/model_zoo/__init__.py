"""Trained networks by name: what they were trained on, their scores, and their weights with a checksum."""

from mmmtl.model_zoo.models import ModelInfo, list_models, model_info

__all__ = ['ModelInfo', 'list_models', 'model_info']
