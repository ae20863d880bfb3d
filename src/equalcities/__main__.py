"""``python -m equalcities``: the same as the command ``equalcities``."""

import sys

from equalcities.cli import main

if __name__ == "__main__":
    sys.exit(main())
