"""REST and a page over `classifier.py`: the one room that listens. Needs the extra `[web]`."""
