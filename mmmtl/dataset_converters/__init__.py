"""Convert published data sets to the folders that `mmmtl.datasets` reads; see ``mmmtl convert-dataset``."""
