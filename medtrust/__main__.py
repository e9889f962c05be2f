"""Runs the command line as `python -m medtrust`."""

from medtrust.cli import main

if __name__ == "__main__":
    main()
