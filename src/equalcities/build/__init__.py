"""From sources to a checked site: pairs, data, execution, ledger, pages, strict build.

The only room that runs other programs. ``python -m equalcities.build --help`` lists the steps;
``make book`` is how they are meant to be called.
"""
