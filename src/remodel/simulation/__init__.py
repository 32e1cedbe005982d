"""From arguments to labelled arrays: read the files of this folder from ``simulate.py`` down."""
