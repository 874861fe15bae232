"""First stage: what the sources hold, as pages of work. See :mod:`miner.collect.interface`."""
