# BYOL on CIFAR-100, its views in batches on the device.
_base_ = ['../../byol_rela_r18_cifar100.py', '../../_base_/device.py']
train_dataloader = _base_.device_loader
