"""What each kind of generation asks for and makes of the answer: one file a kind."""
