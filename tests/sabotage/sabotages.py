"""Every sabotage there is."""

from dotnet_sabotages import CLIENTS
from flawed_networks import NETWORKS
from graph_mutants import MUTANTS
from sabotage import Sabotage
from tampering import TAMPERINGS

REGISTRY: tuple[Sabotage, ...] = (*MUTANTS, *TAMPERINGS, *NETWORKS, *CLIENTS)
# Those that nothing catches yet. A test fails when one of them is caught: then it leaves this list.
MISSED_TODAY = {
    # A tolerance with a scale.
    "recurrent weight by a thousandth",
    "weight of a small answer zeroed",
    # The gate's own power.
    "tolerance 1e9",
    "relative tolerance 1e9",
    # Sizes beyond the data.
    "series cut beyond the data",
    "branch on a length beyond the data, frozen",
}
