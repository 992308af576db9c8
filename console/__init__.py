"""The application: command line, settings, and the Textual app that holds the screens."""
