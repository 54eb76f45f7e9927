"""Convert published datasets to the folders that `mmmtl.datasets` reads; see ``mmmtl convert-dataset``."""
