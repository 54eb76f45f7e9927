"""Loading, checking and comparing configs."""
