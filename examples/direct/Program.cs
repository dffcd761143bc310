// One row and a batch of three with Microsoft.ML.OnnxRuntime alone: the model is a file, and inputs and outputs are found by name.
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

using var session = new InferenceSession(Path.Combine(AppContext.BaseDirectory, "simple_model.onnx"));

float[] features = [0.1f, -0.2f, 0.3f, -0.4f, 0.5f, -0.6f, 0.7f, -0.8f, 0.9f, -1f];
var one = new DenseTensor<float>(features, [1, 10]);
List<NamedOnnxValue> single = [NamedOnnxValue.CreateFromTensor("input", one)];
using (IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(single))
{
    Tensor<float> output = results.First(result => result.Name == "output").AsTensor<float>();
    Console.WriteLine($"single: {Text(output)}");
}

const int Batch = 3;
var many = new DenseTensor<float>([Batch, 10]);
for (int row = 0; row < Batch; row++)
{
    for (int column = 0; column < 10; column++)
    {
        many[row, column] = features[column] / (row + 1);
    }
}

List<NamedOnnxValue> batch = [NamedOnnxValue.CreateFromTensor("input", many)];
using (IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(batch))
{
    Tensor<float> output = results.First(result => result.Name == "output").AsTensor<float>();
    for (int row = 0; row < Batch; row++)
    {
        float[] values = new float[5];
        for (int column = 0; column < 5; column++)
        {
            values[column] = output[row, column];
        }

        Console.WriteLine($"batch {row}: {Text(values)}");
    }
}

static string Text(IEnumerable<float> values) => string.Join(' ', values.Select(value => value.ToString("F6")));
