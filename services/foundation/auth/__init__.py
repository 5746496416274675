"""Authentication: from a request's credentials to a subject."""
