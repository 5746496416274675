"""`python -m cli`, the same as the command `snapinfra`."""

from cli.main import main

main()
