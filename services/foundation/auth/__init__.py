"""This package is authentication: from a request's credentials to a subject."""
