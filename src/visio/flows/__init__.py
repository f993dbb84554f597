"""The use cases, one verb each: together they are the application."""
