"""What train.py and plot_run.py do."""
