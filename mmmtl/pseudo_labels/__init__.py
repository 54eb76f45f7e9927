"""Labels that a network predicts for another one."""
