"""Views of whole batches, made where the model is."""
from .device_dataset import DeviceRelaTargetDataset
from .views import BatchedViews

__all__ = ['BatchedViews', 'DeviceRelaTargetDataset']
