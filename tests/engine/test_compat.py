"""Guards against the stack: what they change, and what stays."""
from __future__ import annotations

from collections.abc import Callable

import torch
from mmengine.logging import MessageHub
from mmengine.model import BaseDataPreprocessor, ExponentialMovingAverage
from mmengine.optim import OptimWrapper
from mmpretrain.models.utils import CosineEMA
from torch import Tensor, nn

from mmrela.engine.compat import count_once, keep_eager


def parts() -> tuple[nn.ModuleDict, OptimWrapper]:
    """A model with an average within its host, and its optimiser."""
    online = nn.Linear(2, 2)
    model = nn.ModuleDict(dict(
        data_preprocessor=BaseDataPreprocessor(), online=online,
        host=nn.ModuleDict(dict(target=ExponentialMovingAverage(online)))))
    return model, OptimWrapper(torch.optim.SGD(online.parameters(), 0.1))


def disabled(model: nn.ModuleDict, wrapper: OptimWrapper) -> list[bool]:
    methods = (model['data_preprocessor'].cast_data, wrapper.update_params,
               model['host']['target'].update_parameters)
    return [hasattr(method, '_torchdynamo_disable') for method in methods]


def test_the_run_is_changed_and_no_other():
    ours, others = parts(), parts()
    keep_eager(*ours)
    assert disabled(*ours) == [True] * 3
    assert disabled(*others) == disabled(*parts()) == [False] * 3


def test_what_is_not_traced_does_as_before():
    results = []
    for change in (keep_eager, lambda *args: None):
        torch.manual_seed(0)
        model, wrapper = parts()
        change(model, wrapper)
        data = model['data_preprocessor'](dict(x=torch.ones(2)))
        wrapper.update_params(model['online'](data['x']).square().sum())
        for _ in range(2):
            model['host']['target'].update_parameters(model['online'])
        results.append(model.state_dict())
    assert results[0].keys() == results[1].keys()
    assert all(torch.equal(results[0][key], results[1][key])
               for key in results[0])


class OnDevice(Tensor):
    """A count that cannot be read where it is."""
    reads = 0

    def __float__(self) -> float:
        OnDevice.reads += 1
        return float(self.cpu())

    def cpu(self) -> Tensor:
        return self.as_subclass(Tensor).clone()


def averaged(change: Callable[[nn.Module], None]) -> CosineEMA:
    """An average after four updates, the last three of them changed."""
    MessageHub.get_instance('averaged').update_info('max_iters', 7)
    torch.manual_seed(0)
    online, other = (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
                     for _ in range(2))
    average = CosineEMA(online, momentum=0.3)
    average.update_parameters(online)
    average.steps = average.steps.as_subclass(OnDevice)
    change(average)
    for _ in range(3):
        average.update_parameters(other)
    return average


def test_a_count_on_the_device_is_not_read_for_each_parameter():
    states, reads = [], []
    for change in (lambda _: None, count_once):
        OnDevice.reads = 0
        average = averaged(change)
        assert isinstance(average.steps, OnDevice)  # where it was
        states.append({key: value.cpu()
                       for key, value in average.state_dict().items()})
        reads.append(OnDevice.reads)
    assert reads == [3 * 4, 0]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][key], states[1][key])
               for key in states[0])
    assert states[1]['steps'] == 4
