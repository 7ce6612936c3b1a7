"""The cases that the ring clients has of containers, all of them."""

from container_life_cases import Life
from container_options_cases import Options, Upkeep
from container_store_cases import Network, Store
from container_talk_cases import Talk

SUITES = (Life, Talk, Options, Upkeep, Store, Network)
