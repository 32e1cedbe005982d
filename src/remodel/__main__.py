"""``python -m remodel``: the command line."""

from remodel.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
