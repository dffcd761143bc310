"""Every sabotage there is."""

from dotnet_sabotages import CLIENTS
from flawed_networks import NETWORKS
from graph_mutants import MUTANTS
from lenient_settings import LENIENT
from sabotage import Sabotage
from tampering import TAMPERINGS

REGISTRY: tuple[Sabotage, ...] = (*MUTANTS, *TAMPERINGS, *LENIENT, *NETWORKS, *CLIENTS)
