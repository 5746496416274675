"""This package is the scaffold: a deterministic provider that derives schemas and writes backends without a model."""
