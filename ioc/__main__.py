"""`python -m ioc`: the command line."""

from ioc.cli import main

if __name__ == "__main__":
    main()
