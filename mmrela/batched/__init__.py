"""Views of whole batches, made where the model is."""
from .ahead import ViewCollate, completed, finish_views
from .device_dataset import DeviceRelaTargetDataset
from .split import leave_colours
from .views import BatchedViews

__all__ = ['BatchedViews', 'DeviceRelaTargetDataset', 'ViewCollate',
           'completed', 'finish_views', 'leave_colours']
