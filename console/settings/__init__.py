"""Where the operator's configuration and our own files are."""
