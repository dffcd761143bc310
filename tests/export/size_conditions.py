"""Conditions on sizes, as an exporter takes them for granted, and the sizes of the data that they are asked of."""

from pipeline.export.assumptions import Assumption

FULL = {"batch": 2, "time": 12}
PICTURE = {"batch": 2, "height": 12, "width": 16}
SHORT = Assumption("time <= 16", "nets.py, line 5 (`if x.shape[1] > 16:`)", ("time",), lambda s: s["time"] <= 16)
ODD = Assumption("time % 2 != 0", "", ("time",), lambda s: s["time"] % 2 != 0)
EVEN = Assumption("time % 2 == 0", "", ("time",), lambda s: s["time"] % 2 == 0)
FAR = Assumption("time <= 5000", "", ("time",), lambda s: s["time"] <= 5000)
AREA = Assumption("height*width <= 256", "", ("height", "width"), lambda s: s["height"] * s["width"] <= 256)
VALUES = Assumption("u0 >= 2", "", (), None)
