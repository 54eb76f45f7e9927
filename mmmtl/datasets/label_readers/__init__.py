"""Files of labels that are more than one array."""
