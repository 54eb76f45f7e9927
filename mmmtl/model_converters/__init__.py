"""Published checkpoints -> weights of our networks; the command line is `mmmtl convert-model`."""
