"""The tests that a backend has of its own: what its schema asks for, in literal values, one file per table.

They are written from the schema alone. The code that they test has its own way from the schema to what it does, so that
neither hides a fault of the other.
"""
