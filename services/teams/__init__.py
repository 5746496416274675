"""Teams: who shares projects, in which role, and who is invited."""
