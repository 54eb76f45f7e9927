"""Necks: features to features, between the backbone and the decode head."""

from mmmtl.models.necks.cross_view import CrossViewModule

__all__ = ['CrossViewModule']
