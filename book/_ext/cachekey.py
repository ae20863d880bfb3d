"""Point the execution cache at the folder for exactly this package, data, lock and Python.

The book engine's own cache looks at a notebook's code alone, so that a changed library or data
file would go on showing the old number.
"""

from pathlib import Path

from equalcities.build.execute import cache_folder


def set_cache_path(app, config):
    config.nb_execution_cache_path = str(cache_folder(Path(app.srcdir)))


def setup(app):
    app.connect("config-inited", set_cache_path)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
