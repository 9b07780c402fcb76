"""The page that plot_run.py writes of a run."""
