_base_ = ['byol_rela_r18_cifar10.py', '_base_/device.py']
train_dataloader = _base_.device_loader
