"""Second stage: what a page's items changed, as hunks. PyDriller is the domain model and the only diff parser."""
