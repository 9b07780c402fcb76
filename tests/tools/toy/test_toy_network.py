"""Many networks at once, against one by one."""
import torch
from torch import nn

from _lib.toy.mixture import draw, place
from _lib.toy.network import EVERY, initial, losses, outputs, train


def plain(theta):
    """The network of tables 6 and 7 with these parameters."""
    net = nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Linear(50, 1),
                        nn.Sigmoid())
    with torch.no_grad():
        net[0].weight.copy_(theta[:100].view(2, 50).T)
        net[0].bias.copy_(theta[100:150])
        net[2].weight.copy_(theta[150:200][None])
        net[2].bias.copy_(theta[200:])
    return net


def data(steps, seeds):
    drawn = [draw(steps, 1, seed) for seed in range(seeds)]
    labels, noise = map(torch.stack, zip(*drawn))
    x = torch.stack([place(labels, noise, s) for s in (0.1, 1.)])
    return x, labels.expand(2, seeds, steps)


def test_initial_is_spread_as_linear_layers_are():
    theta = torch.stack([initial(n) for n in range(200)])
    net = plain(theta[0])
    own = [list(nn.Linear(*size).parameters())
           for size in [(2, 50)] * 200 + [(50, 1)] * 200]
    for part, bound, layers in [(theta[:, :150], 2**-0.5, own[:200]),
                                (theta[:, 150:], 50**-0.5, own[200:])]:
        theirs = torch.cat([p.flatten() for layer in layers for p in layer])
        assert part.abs().max() <= bound
        assert theirs.abs().max() <= bound < 1.02 * part.abs().max()
        assert abs(part.std() / theirs.std() - 1) < 0.05
    x = draw(9, 2)[1]
    torch.testing.assert_close(outputs(theta[0], x), net(x)[:, 0])


def test_batched_training_is_that_of_each_network():
    steps, seeds = 60, 2
    x, y = data(steps, seeds)
    begin = torch.stack([initial(n) for n in range(seeds)])
    path = train(begin.expand(2, seeds, -1), x, y)
    assert path.shape == (1 + steps // EVERY, 2, seeds, 201)
    probe = draw(30, 3)[1]
    for setting in range(2):
        for seed in range(seeds):
            net = plain(begin[seed])
            sgd = torch.optim.SGD(net.parameters(), 0.002, momentum=0.98)
            for step in range(steps):
                found = net(x[setting, seed, step][None])[0, 0]
                sgd.zero_grad()
                nn.functional.mse_loss(found, y[setting, seed, step]
                                       ).backward()
                sgd.step()
            torch.testing.assert_close(
                outputs(path[-1, setting, seed], probe), net(probe)[:, 0])


@torch.no_grad()
def test_losses_are_those_of_each_network():
    theta = torch.stack([initial(n) for n in range(6)]).view(2, 3, -1)
    labels, x = draw(40, 4)
    found = losses(theta, x, labels)
    expected = [[nn.functional.mse_loss(plain(one)(x)[:, 0], labels)
                 for one in row] for row in theta]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_losses_do_not_depend_on_how_many_are_looked_at_at_once(monkeypatch):
    theta = torch.stack([initial(n) for n in range(5)])
    labels, x = draw(40, 5)
    whole = losses(theta, x, labels)
    monkeypatch.setattr('_lib.toy.network._AT_ONCE', 40 * 50 * 2)
    torch.testing.assert_close(losses(theta, x, labels), whole)
