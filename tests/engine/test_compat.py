"""What dynamo must not trace, in one model and in no other."""
from __future__ import annotations

import torch
from mmengine.model import BaseDataPreprocessor, ExponentialMovingAverage
from mmengine.optim import OptimWrapper
from torch import nn

from mmrela.engine.compat import keep_eager


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
