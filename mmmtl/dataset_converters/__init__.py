"""Published data sets -> the folders that `mmmtl.datasets` reads; the command line is `mmmtl convert-dataset`."""
