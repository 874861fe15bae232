"""Looks at everything that a collect needs, and says line by line what is wrong and what to do about it."""
