"""Predictions of trained networks: the images they are made for, averages over several, and the files they fill."""

from mmmtl.predictions.averaging import Averaging

__all__ = ['Averaging']
