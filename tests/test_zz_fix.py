def test_a(cifar_root, image_folder):
    from mmrela import CIFAR10Binary
    d=CIFAR10Binary(str(cifar_root), indices=20); d.full_init(); print(len(d), d[3].keys() if isinstance(d[3],dict) else d[3])
    from mmpretrain.datasets import ImageNet
    d=ImageNet(str(image_folder), split='train'); print(len(d), d.get_data_info(17))
