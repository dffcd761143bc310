"""onnxruntime's graph optimizers: which of them changes an answer, and how to leave it out."""

from collections.abc import Callable, Sequence
from pathlib import Path

from onnxruntime import InferenceSession

from pipeline.core.errors import PipelineError
from pipeline.graph.session import DISABLED, open_session

# Those that the CPU's sessions of onnxruntime 1.31 know by name; a name that a version does not know is passed over by it.
NAMES = (
    "Pad_Fusion",
    "DivMulFusion",
    "CastElimination",
    "CastChainElimination",
    "EliminateIdentity",
    "EliminateDropout",
    "EliminateSlice",
    "UnsqueezeElimination",
    "ExpandElimination",
    "PreShapeNodeElimination",
    "NoopElimination",
    "ConvAddFusion",
    "ConvMulFusion",
    "ConvBNFusion",
    "MatMul_BatchNormalization_Fusion",
    "GemmActivationFusion",
    "GemmSumFusion",
    "GemmTransposeFusion",
    "NotWhereFusion",
    "LabelEncoderFusion",
    "FuseReluClip",
    "ReluClipFusion",
    "ConstantFolding",
    "ConstantSharing",
    "CommonSubexpressionElimination",
    "ReshapeFusion",
    "MatMulAddFusion",
    "ConcatSliceElimination",
    "DoubleQDQPairsRemover",
    "EnsureUniqueDQForNodeUnit",
    "WeightBiasQuantization",
    "QDQPropagationTransformer",
    "QDQSelectorActionTransformer",
    "QDQS8ToU8Transformer",
    "QDQFinalCleanupTransformer",
    "RemoveDuplicateCastTransformer",
    "PropagateCastOps",
    "GeluFusionL1",
    "GeluFusionL2",
    "GeluFusion",
    "LayerNormFusionL1",
    "LayerNormFusionL2",
    "LayerNormFusion",
    "SimplifiedLayerNormFusion",
    "SkipLayerNormFusion",
    "BiasSkipLayerNormFusion",
    "EmbedLayerNormFusion",
    "AttentionFusion",
    "GatherToSplitFusion",
    "GatherSliceToSplitFusion",
    "GatherToSliceFusion",
    "SliceConcatToSpaceToDepthFusion",
    "MatmulTransposeFusion",
    "MatMulScaleFusion",
    "MatMulActivationFusion",
    "MatMulIntegerToFloatFusion",
    "DynamicQuantizeMatMulFusion",
    "ConvActivationFusion",
    "ConvAddActivationFusion",
    "BiasGeluFusion",
    "BiasSoftmaxFusion",
    "BiasDropoutFusion",
    "FastGeluFusion",
    "QuickGeluFusion",
    "IsInfReduceSumFusion",
    "TransposeOptimizer",
    "NchwcTransformer",
    "NhwcTransformer",
)
# What is known to go wrong (onnxruntime 1.31.1, seen here), as the end of "it is Pad_Fusion, which ...".
KNOWN_FAULTS = {
    "Pad_Fusion": "takes zeros that are padded before a max-pooling for padding that no maximum sees",
    "DivMulFusion": "makes b / a of (1 / a) * b, which is another number where both are integers, and loses inputs (microsoft/onnxruntime#32416)",
}


def explain_change(model: Path, is_right: Callable[[InferenceSession], bool]) -> str:
    """Which optimizer makes the answers of `model` wrong, and how to leave it out; empty where no single one is known that does it.

    Args:
        model: A graph that is right with the optimizer off.
        is_right: Whether a session of it answers right.
    """

    def is_right_without(disabled: Sequence[str]) -> bool:
        try:
            return is_right(open_session(model, disabled=disabled))
        except PipelineError:
            return False

    name = find_culprit(is_right_without)
    if not name:
        return ""
    fault = f", which {KNOWN_FAULTS[name]}" if name in KNOWN_FAULTS else ""
    return f'it is {name}{fault} (the session option {DISABLED}="{name}" leaves it out)'


def explain_unopened(model: Path) -> str:
    """Behind a sentence that says that onnxruntime refuses `model`: that it is the optimizer's doing; empty where it is not."""
    try:
        open_session(model, optimizer="off")
    except PipelineError:
        return ""
    culprit = explain_change(model, lambda session: True)
    return f"; it takes it with its optimizer off{f': {culprit}' if culprit else ''}"


def find_culprit(is_right_without: Callable[[Sequence[str]], bool]) -> str:
    """The optimizer without which the answer is right; "" where no single one is known that does it.

    Args:
        is_right_without: Whether the answer is right when these optimizers are left out.
    """
    suspects: Sequence[str] = NAMES
    if not is_right_without(suspects):
        return ""
    while len(suspects) > 1:
        half = suspects[: len(suspects) // 2]
        suspects = half if is_right_without(half) else suspects[len(half) :]
    return suspects[0] if is_right_without(suspects) else ""
