"""The history: what came over the stream, kept in Parquet files by day and hour of arrival, for as long as wanted."""

from ioc.store.history.reading import DayOfHistory, History, HistoryInfo
from ioc.store.history.survey import Damage

__all__ = ["Damage", "DayOfHistory", "History", "HistoryInfo"]
