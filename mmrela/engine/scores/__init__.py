"""Scores of the features while they are trained."""
from .online_knn import OnlineKNNHook
from .online_rank import OnlineRankHook

__all__ = ['OnlineKNNHook', 'OnlineRankHook']
