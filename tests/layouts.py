"""Tiny data sets on disk, each laid out as a real one.

Image i is of one colour, :func:`colour`, which tells it from the others and
RGB from BGR; in a set with classes its class is i modulo their number. Each
builder takes an empty directory and returns the ``data_root``.
"""
from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = 4  # of the sets whose real number is not fixed
TRAIN, TEST = 24, 8  # images
WNIDS = [f'n{11 * i:08d}' for i in range(CLASSES, 0, -1)]  # not sorted


def colour(index: int) -> tuple[int, int, int]:
    """RGB of image ``index``; 64 of them, at least 60 apart."""
    return tuple(40 + 60 * (index // 4**k % 4) for k in range(3))


def plain(index: int, size: tuple[int, int] = (40, 40)) -> Image.Image:
    """Image ``index``, of ``size`` (width, height)."""
    return Image.new('RGB', size, colour(index))


def save(image: Image.Image, file: Path, **kwargs) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, **kwargs)


def flat_folder(root: Path) -> Path:
    """Unlabelled images of mixed sizes and kinds below ``root/images``.

    Image i is ``i`` of two digits: most are JPEGs, every fourth a PNG in a
    folder of its own; see :data:`ODD` for the rest.
    """
    for i in range(TRAIN):
        size = (40 + 5 * (i % 5), 44 + 7 * (i % 3))
        name = f'more/{i:02}.png' if i % 4 == 3 else f'{i:02}.jpg'
        if i in ODD:
            name, make = ODD[i]
            save(make(plain(i, size)), root / 'images' / name)
        else:
            save(plain(i, size), root / 'images' / name)
    (root / 'images' / 'notes.txt').write_text('no image\n')
    return root


def _deep(image: Image.Image) -> Image.Image:
    grey = np.asarray(image.convert('L')).astype(np.uint16)
    return Image.fromarray(grey * 257)


def _transparent(image: Image.Image) -> Image.Image:
    image.putalpha(77)
    return image


# Index -> file name, and what makes the image odd.
ODD = {
    1: ('01.JPEG', lambda image: image.convert('L')),
    5: ('05.png', _transparent),
    9: ('09.jpg', lambda image: image.convert('CMYK')),
    13: ('13.png', _deep),
    17: ('17.png', lambda image: image.quantize(4)),
    21: ('21.bmp', lambda image: image),
}


def class_folders(root: Path) -> Path:
    """``{train,val}/CLASS/IMAGE.jpg``, as torchvision's ImageFolder reads."""
    for split, count in dict(train=TRAIN, val=TEST).items():
        for i in range(count):
            save(plain(i, (40 + i % 3, 40 + i % 2)),
                 root / split / f'class_{i % CLASSES}' / f'{i:02}.jpg')
    return root


def imagenet(root: Path) -> Path:
    """:func:`class_folders`, and lists of them that mmpretrain goes by."""
    class_folders(root)
    (root / 'meta').mkdir()
    for split in ('train', 'val'):
        names = sorted(p.relative_to(root / split).as_posix()
                       for p in (root / split).rglob('*.jpg'))
        lines = [f'{name} {name[len("class_")]}\n' for name in names]
        (root / 'meta' / f'{split}.txt').write_text(''.join(lines))
    return root


def tiny_imagenet(root: Path) -> Path:
    """``tiny-imagenet-200``, with classes in the order of wnids.txt.

    Every fifth image is a grey JPEG, as some of the real ones are.
    """
    (root / 'wnids.txt').write_text(''.join(f'{w}\n' for w in WNIDS))
    for i in range(TRAIN):
        wnid = WNIDS[i % CLASSES]
        save(_tiny(i), root / 'train' / wnid / 'images' / f'{wnid}_{i}.JPEG')
        with open(root / 'train' / wnid / f'{wnid}_boxes.txt', 'a') as f:
            f.write(f'{wnid}_{i}.JPEG\t0\t10\t63\t58\n')
    lines = []
    for i in range(TEST):
        save(_tiny(i), root / 'val' / 'images' / f'val_{i}.JPEG')
        lines.append(f'val_{i}.JPEG\t{WNIDS[i % CLASSES]}\t0\t32\t44\t62\n')
    (root / 'val' / 'val_annotations.txt').write_text(''.join(lines))
    save(_tiny(0), root / 'test' / 'images' / 'test_0.JPEG')
    return root


def _tiny(index: int) -> Image.Image:
    image = plain(index, (64, 64))
    return image.convert('L') if index % 5 == 4 else image


def cifar100(root: Path) -> Path:
    """The binary version; images from 100 on are black, of class 0."""
    folder = root / 'cifar-100-binary'
    folder.mkdir(parents=True)
    for name, count in dict(train=50000, test=10000).items():
        with open(folder / f'{name}.bin', 'wb') as f:
            for i in range(100):
                f.write(bytes([i % 20, i % 100]) + _planes(i))
            f.truncate(count * (2 + 3072))  # sparse: no room on the disk
    return root


def cifar_python(root: Path) -> Path:
    """Both python versions; mmpretrain's checksums must be put out."""
    tens = [*(f'data_batch_{i}' for i in range(1, 6)), 'test_batch']
    for folder, key, names in (
            ('cifar-10-batches-py', 'labels', tens),
            ('cifar-100-python', 'fine_labels', ['train', 'test'])):
        (root / folder).mkdir(parents=True)
        for number, name in enumerate(names):
            which = range(8 * number, 8 * number + 8)
            data = np.frombuffer(b''.join(map(_planes, which)), np.uint8)
            content = {'data': data.reshape(8, -1),
                       key: [i % 10 for i in which]}
            (root / folder / name).write_bytes(pickle.dumps(content))
    return root


def fashion_mnist(root: Path) -> Path:
    """Grey images of 28 x 28 pixels, 300 of each split, of ten classes.

    Those of the test split end with a white pixel.
    """
    levels = [plain(i).convert('L').getpixel((0, 0)) for i in range(300)]
    labels = np.arange(300, dtype=np.uint8) % 10
    for name in ('train', 't10k'):
        images = np.repeat(np.array(levels, np.uint8), 28 * 28)
        if name == 't10k':
            images[28 * 28 - 1::28 * 28] = 255
        for kind, header, data in (
                ('images-idx3', (2051, 300, 28, 28), images),
                ('labels-idx1', (2049, 300), labels)):
            (root / f'{name}-{kind}-ubyte').write_bytes(
                np.array(header, '>i4').tobytes() + data.tobytes())
    return root


def stl10(root: Path) -> Path:
    """torchvision's STL10, whose checksums must be put out."""
    folder = root / 'stl10_binary'
    folder.mkdir(parents=True)
    for name, count in dict(train=TRAIN, test=TEST, unlabeled=TRAIN).items():
        pixels = b''.join(bytes([level]) * 96 * 96
                          for i in range(count) for level in colour(i))
        (folder / f'{name}_X.bin').write_bytes(pixels)
        (folder / f'{name}_y.bin').write_bytes(
            bytes(1 + i % CLASSES for i in range(count)))
    (folder / 'class_names.txt').write_text('a\nb\nc\nd\n')
    return root


def _planes(index: int) -> bytes:
    """Image ``index`` as CIFAR has it: 1024 bytes for each channel."""
    return b''.join(bytes([c]) * 1024 for c in colour(index))
