"""Reading files of others, with errors that name the file."""
