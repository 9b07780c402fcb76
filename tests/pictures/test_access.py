"""Samples of data sets of one's own, which are not quite mmpretrain's."""
from __future__ import annotations

from pathlib import Path

import pytest
from mmpretrain.datasets import CustomDataset
from torch.utils.data import Dataset

from mmrela.errors import UserError
from mmrela.pictures.access import load_sample, sample_id, sample_name


class Paths(CustomDataset):
    """Files as ``pathlib`` has them."""

    def load_data_list(self):
        return [dict(info, img_path=Path(info['img_path']))
                for info in super().load_data_list()]


class Contents(CustomDataset):
    """Files' contents, which only its own loader knows."""

    def load_data_list(self):
        return [dict(content=Path(info['img_path']).read_bytes())
                for info in super().load_data_list()]


class Half(Dataset):
    """Around another, without mmengine's wrappers."""

    def __init__(self, dataset):
        self.dataset = dataset

    def get_data_info(self, index):
        return self.dataset.get_data_info(2 * index)


def build(kind, image_folder):
    return kind(str(image_folder), data_prefix='train',
                pipeline=[dict(type='LoadImageFromFile')])


def test_paths_are_names_too(image_folder):
    plain, paths = (build(kind, image_folder)
                    for kind in (CustomDataset, Paths))
    for index in range(len(plain)):
        assert sample_id(paths, index) == sample_id(plain, index)
        assert sample_name(paths, index) == sample_name(plain, index)
    assert (load_sample(paths, 0)['img'] == load_sample(plain, 0)['img']).all()


def test_a_root_that_is_a_path(image_folder):
    dataset = build(CustomDataset, image_folder)
    dataset.data_root = image_folder
    assert sample_id(dataset, 0) == 'train/class_0/0.jpg'


def test_samples_without_a_name_are_refused(image_folder):
    with pytest.raises(UserError, match="^Contents .* an 'img_path' in"):
        sample_id(build(Contents, image_folder), 0)


def test_a_wrapper_without_a_pipeline_is_refused(image_folder):
    dataset = Half(build(CustomDataset, image_folder))
    with pytest.raises(UserError, match='^Half has no `pipeline` of'):
        load_sample(dataset, 0)
