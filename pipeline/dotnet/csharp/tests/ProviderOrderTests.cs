namespace TheNamespace.Tests;

using System;
using System.Linq;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class ProviderOrderTests
{
    [Theory]
    [InlineData("CPU", "CPU")]
    [InlineData(" cuda ,cpu", "CUDA CPU")]
    [InlineData("TensorrtExecutionProvider,CUDAExecutionProvider,CPUExecutionProvider", "TensorRT CUDA CPU")]
    [InlineData("DML", "DirectML")]
    [InlineData("coreml,openvino,rocm,migraphx,qnn,xnnpack,webgpu", "CoreML OpenVINO ROCm MIGraphX QNN XNNPACK WebGPU")]
    public void Names_are_read_in_any_case_and_in_onnxruntime_s_form(string names, string expected)
    {
        var order = ProviderOrder.Parse(names, out string failure);
        Assert.Empty(failure);
        Assert.Equal(expected, string.Join(" ", order.Select(provider => provider.Name)));
    }

    [Theory]
    [InlineData("CUDDA, CPU", "CPU, CUDA, TensorRT, DirectML, CoreML, OpenVINO, ROCm, MIGraphX, QNN, XNNPACK, WebGPU, got 'CUDDA'; did you mean CUDA?")]
    [InlineData("direct ml", "got 'direct ml'; did you mean DirectML?")]
    [InlineData("TPU42", "got 'TPU42'.")]
    [InlineData("", "got ''.")]
    [InlineData(null, "got ''.")]
    [InlineData("CUDA,,CPU", "got ''.")]
    [InlineData("CUDA, cuda, CPU", "expected each execution provider once, got CUDA twice in 'CUDA, cuda, CPU'.")]
    [InlineData("CPU, CUDA", "expected CPU at the end, since it is on every machine, got CUDA after it in 'CPU, CUDA'.")]
    public void What_is_no_order_is_refused(string? names, string ending)
    {
        ProviderOrder.Parse(names, out string failure);
        Assert.EndsWith(ending, failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_refuses_an_unknown_provider()
    {
        var error = Assert.Throws<ArgumentException>(() => TheModel.Load(new TheModelOptions { Provider = "GPU" }));
        Assert.StartsWith("Provider: expected execution providers in the order in which they are tried, such as 'CUDA, CPU', out of CPU, ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_refuses_an_empty_path()
    {
        var error = Assert.Throws<ArgumentException>(() => TheModel.Load(new TheModelOptions { ModelPath = " " }));
        Assert.StartsWith("ModelPath: expected the path of TheModel.8bcbe269.onnx, or null to look for it, got an empty one.", error.Message, StringComparison.Ordinal);
    }
}
