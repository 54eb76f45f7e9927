"""``mmmtl convert-dataset``: one module per data set, as for the other commands."""
