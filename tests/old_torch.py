"""Marks of tests that need what old releases of torch lack on CPUs."""
import pytest
import torch

OLD = torch.__version__ < '2.4'
needs_fp16 = pytest.mark.skipif(OLD, reason='no float16 in this autocast')
needs_fused = pytest.mark.skipif(OLD, reason='no fused Adam in this torch')
