"""`import MapReduce`, as ten years of course files begin: the parallel framework."""

import json

from pymapr import MapReduce

__all__ = ["MapReduce", "json"]  # the original imported json, and `from MapReduce import *` handed it on
