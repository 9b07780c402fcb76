# BYOL on MobileNet-V2, its views in batches on the device.
_base_ = ['../../byol_rela_mobilenetv2_cifar10.py', '../../_base_/device.py']
train_dataloader = _base_.device_loader
