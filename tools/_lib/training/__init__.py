"""What train.py, linear_probe.py and plot_run.py do."""
