"""Describe a folder of images and labels by a config: `mmmtl new-project`."""
