"""API keys: what a program signs in with, instead of a person."""
