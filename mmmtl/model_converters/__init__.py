"""Convert published checkpoints to weights of networks in mmmtl; see ``mmmtl convert-model``."""
