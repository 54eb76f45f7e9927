"""The web page of `mmmtl web`: predictions for photographs in a browser."""
