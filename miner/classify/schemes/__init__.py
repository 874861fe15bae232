"""What a label says of a fix besides its pattern and library, one module a scheme.

``SCHEME`` is the scheme's name in the table ``label``; ``labels`` gives its ranked labels, at least one: "unknown"
where nothing speaks for a value.
"""
