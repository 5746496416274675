"""Database schemas in the schema: what one is made of, how one is sent, the operations on them."""
