namespace TheNamespace.Tests;

using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

public sealed class InferRefusalTests(OpenInferenceService service) : IClassFixture<OpenInferenceService>
{
    private const string One = """{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]}""";

    [Theory]
    [InlineData("no", "body: expected JSON, got something else: 'no' is an invalid JSON literal. Expected the literal 'null'. LineNumber: 0 | BytePositionInLine: 1.")]
    [InlineData("", "body: expected JSON, got something else: *")]
    [InlineData("[]", "body: expected an object with inputs, got something else.")]
    [InlineData("""{"inputs":[]}""", "inputs: expected features, did not get it.")]
    [InlineData("""{"inputs":{}}""", "inputs: expected an array of tensors, got something else.")]
    [InlineData("""{"inputs":[1]}""", "inputs: expected an array of tensors, got something else.")]
    [InlineData("""{"inputs":[#]} {}""", "body: expected JSON, got something else: *")]
    [InlineData("""{"inputs":[#],"id":1}""", "id: expected a text, got something else.")]
    [InlineData("""{"inputs":[#],"parameters":[]}""", "parameters: expected an object, got something else.")]
    [InlineData("""{"inputs":[#],"parameters":{"binary_data_output":1}}""", "parameters: binary_data_output: expected true or false, got something else.")]
    [InlineData("""{"inputs":[#],"parameters":{"sequence_id":1}}""", "parameters: expected no sequence_id, got one: the model keeps nothing from request to request.")]
    [InlineData("""{"inputs":[#],"outputs":1}""", "outputs: expected an array of objects with a name, got something else.")]
    [InlineData("""{"inputs":[#],"outputs":["label"]}""", "outputs: expected an array of objects with a name, got something else.")]
    [InlineData("""{"inputs":[#],"outputs":[{}]}""", "outputs: expected an object with a name, got one without.")]
    [InlineData("""{"inputs":[#],"outputs":[{"name":"labels"}]}""", "outputs: expected a name of the contract (label, scores), got \"labels\".")]
    [InlineData("""{"inputs":[#],"outputs":[{"name":"label"},{"name":"label"}]}""", "outputs: expected each name once, got \"label\" twice.")]
    [InlineData(
        """{"inputs":[#],"outputs":[{"name":"label","parameters":{"classification":3}}]}""",
        "outputs: expected no classification, got one: ask for the output as it is, and see the model's metadata for its labels.")]
    [InlineData(
        """{"inputs":[#],"outputs":[{"name":"label","parameters":{"shared_memory_region":"a"}}]}""", "outputs: expected tensors in the body, got shared memory.")]
    public async Task A_request_that_is_not_the_protocol_s_is_refused(string json, string sentence)
    {
        await CheckAsync(json.Replace("#", One, System.StringComparison.Ordinal), sentence);
    }

    [Theory]
    [InlineData("""{"name":"pixels"}""", "inputs: expected a name of the contract (features), got \"pixels\".")]
    [InlineData("""{"name":1}""", "inputs: expected a name that is a text, got something else.")]
    [InlineData("""{"name":"text"}""", "inputs: expected a name of the contract (features), got \"text\".")]
    [InlineData("""{"datatype":"FP32"}""", "inputs: expected a name for each, got a tensor without.")]
    [InlineData("""{"name":"features","shape":[1,4]}""", "features: expected a datatype, got none.")]
    [InlineData("""{"name":"features","datatype":1}""", "features: expected a datatype that is a text, got something else.")]
    [InlineData("""{"name":"features","datatype":"FP32"}""", "features: expected a shape, got none.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":4}""", "features: expected a shape that is an array of at most 16 sizes, got something else.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[-1,4]}""", "features: expected a shape that is an array of at most 16 sizes, got something else.")]
    [InlineData("""{"name":"features","datatype":"FP64","shape":[1,4],"data":[1,2,3,4]}""", "features: expected datatype FP32, got FP64.")]
    [InlineData("""{"name":"features","datatype":"BF16","shape":[1,4],"parameters":{"binary_data_size":8}}""", "features: expected datatype FP32, got BF16.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[4],"data":[1,2,3,4]}""", "features: expected shape [batch, 4], got [4].")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,5],"data":[1,2,3,4,5]}""", "features: expected shape [batch, 4], got [1, 5].")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[0,4],"data":[]}""", "features: expected at least 1 row, got none.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4]}""", "features: expected data, or parameters with binary_data_size, got neither.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":1}""", "features: expected data that is an array, got something else.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,2,3]}""", "features: expected 4 values, by its shape, got 3.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[99999999,4],"data":[1,2,3,4]}""", "features: expected 399999996 values, by its shape, got 4.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,2,101,4]}""", "features: expected numbers from -100 to 100, got 101 at index 2.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,2,1e99,4]}""", "features: expected numbers from -100 to 100, got 1e99 at index 2.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,"2",3,4]}""", "features: expected numbers from -100 to 100, got \"2\" at index 1.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,null,3,4]}""", "features: expected numbers from -100 to 100, got null at index 1.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,{},3,4]}""", "features: expected numbers from -100 to 100, got an object at index 1.")]
    [InlineData("""{"name":"features","parameters":{"binary_data_size":-1}}""", "features: expected a binary_data_size that is a number of bytes, got something else.")]
    [InlineData("""{"name":"features","parameters":1}""", "features: expected parameters that are an object, got something else.")]
    [InlineData("""{"name":"features","parameters":{"shared_memory_region":"a"}}""", "features: expected tensors in the body, got shared memory.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,2,3,4],"parameters":{"binary_data_size":16}}""", "features: expected data or binary_data_size, got both.")]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[1,4],"data":[1,2,3,4],"data":[]}""", "inputs: expected one data for each, got two.")]
    [InlineData(One + "," + One, "inputs: expected each name once, got \"features\" twice.")]
    public async Task A_tensor_that_is_not_the_contract_s_is_refused(string tensor, string sentence)
    {
        await CheckAsync($$"""{"inputs":[{{tensor}}]}""", sentence);
    }

    [Theory]
    [InlineData(16, 12, null, "features: expected the 16 bytes of its binary_data_size behind the JSON and the tensors before it, got 12 bytes: see Inference-Header-Content-Length.")]
    [InlineData(12, 12, null, "features: expected a binary_data_size of 16 (4 values of 4 bytes, by its shape), got 12.")]
    [InlineData(16, 20, null, "body: expected 16 bytes of binary tensors behind the JSON, by binary_data_size, got 20.")]
    [InlineData(16, 16, 999, "Inference-Header-Content-Length: expected the number of bytes of the JSON at the start of the body, at most 117, got \"999\".")]
    [InlineData(16, 16, 0, "body: expected JSON, got something else: *")]
    public async Task Bytes_that_are_not_the_tensor_s_are_refused(int size, int length, int? headerLength, string sentence)
    {
        string json = $$$"""{"inputs":[{"name":"features","datatype":"FP32","shape":[1,4],"parameters":{"binary_data_size":{{{size}}}}}]}""";
        using HttpRequestMessage request = OpenInferenceService.Binary(json, new byte[length], headerLength);
        using HttpResponseMessage answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Check(await OpenInferenceService.ReadAsync(answer, HttpStatusCode.BadRequest), sentence);
    }

    private static void Check(JsonElement answer, string sentence)
    {
        string error = answer.GetProperty("error").GetString()!;
        Assert.Equal(sentence, sentence[^1] == '*' ? error[..(sentence.Length - 1)] + "*" : error);
    }

    private async Task CheckAsync(string json, string sentence)
    {
        Check(await service.InferAsync(json, HttpStatusCode.BadRequest), sentence);
    }
}
