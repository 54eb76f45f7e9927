"""``mmmtl convert-dataset``: one module per dataset, as for the other commands."""
