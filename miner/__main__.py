"""``python -m miner``: the same as the command ``miner``."""

from miner.cli import main

if __name__ == "__main__":
    main()
