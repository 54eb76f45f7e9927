"""Write a config for a folder of images and labels: ``mmmtl new-project``."""
