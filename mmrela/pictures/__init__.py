"""Pictures of a data set: how they are found, decoded and turned."""
