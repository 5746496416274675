"""What a description says of who may do what: statements, read from its words, and the policies made of them."""
