"""Reading image, array, text and weight files, with errors that name the file."""
