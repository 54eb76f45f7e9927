"""Furnished rooms by ray casting, with exact labels and cameras."""

from mmmtl.synthetic_rooms.dataset import SyntheticRooms

__all__ = ['SyntheticRooms']
