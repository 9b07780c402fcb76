# Small images on the device: a leaf puts `_base_.device_loader` into place.
# The batch is complete as it comes from the data set, without workers.
device_loader = dict(
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    collate_fn=dict(
        _delete_=True, type='torch.utils.data.default_convert'),
    dataset=dict(type='DeviceRelaTargetDataset'))
