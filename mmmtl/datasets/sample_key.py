"""The name of one draw of one sample, from which all randomness of its pipeline comes."""

from typing import NamedTuple


class SampleKey(NamedTuple):
    """Names one draw of one sample; all randomness of the sample's pipeline comes from it."""

    seed: int
    epoch: int  # how many times the data set has been gone through before
    index: int
