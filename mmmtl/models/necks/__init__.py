"""Necks: features of the backbone -> features for the decode head and auxiliary maps."""

from mmmtl.models.necks.cross_view import CrossViewModule
from mmmtl.models.necks.neck import Neck, NeckOutput

__all__ = ['CrossViewModule', 'Neck', 'NeckOutput']
