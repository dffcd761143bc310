using System.Text.Json;
using TheNamespace.TheModelEngine;

namespace Torch2DotNet.Benchmarks;

/// <summary>One of the tokenizers, by its quickest way from a text to all of its token ids.</summary>
internal abstract class TextTokenizer
{
    /// <summary>Tokenizes and forgets: what is measured.</summary>
    public abstract void Encode(string text);

    /// <summary>The token ids.</summary>
    public abstract IEnumerable<long> Tokens(string text);

    /// <param name="name">ours, FastBertTokenizer or Microsoft.ML.Tokenizers.</param>
    /// <param name="folder">tokenizer.json as Hugging Face's libraries write it, vocab.txt, and client.json: what the contract says.</param>
    /// <param name="limit">Tokens of a text that count.</param>
    public static TextTokenizer Load(string name, string folder, int limit)
    {
        return name switch
        {
            "ours" => new Ours(folder, limit),
            "FastBertTokenizer" => new FastBert(folder, limit),
            "Microsoft.ML.Tokenizers" => new MicrosoftMl(folder, limit),
            _ => throw new ArgumentException($"there is no tokenizer {name}", nameof(name)),
        };
    }

    private sealed class Ours : TextTokenizer
    {
        private readonly WordPieceTokenizer _tokenizer;

        public Ours(string folder, int limit)
        {
            JsonElement contract = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "client.json"))).RootElement;
            var settings = new WordPieceSettings(
                [.. contract.GetProperty("characters").EnumerateArray().Select(line => line.GetString()!)],
                [.. contract.GetProperty("special").EnumerateObject().Select(token => KeyValuePair.Create(token.Name, token.Value.GetInt64()))],
                [.. contract.GetProperty("before").EnumerateArray().Select(id => id.GetInt64())],
                [.. contract.GetProperty("after").EnumerateArray().Select(id => id.GetInt64())])
            {
                Unknown = contract.GetProperty("unknown").GetString()!,
                Prefix = contract.GetProperty("prefix").GetString()!,
                LongestWord = contract.GetProperty("longest_word").GetInt32(),
                VocabularySize = contract.GetProperty("vocabulary_size").GetInt32(),
                MaxLength = limit,
            };
            _tokenizer = new WordPieceTokenizer(settings, File.ReadAllBytes(Path.Combine(folder, "vocab.txt")), "vocab.txt");
        }

        public override void Encode(string text) => _tokenizer.Encode(text, nameof(text));

        public override IEnumerable<long> Tokens(string text) => _tokenizer.Encode(text, nameof(text));
    }

    /// <summary>Into memory of the caller's, so that it allocates no answer; it asks for a mask.</summary>
    private sealed class FastBert : TextTokenizer
    {
        private readonly FastBertTokenizer.BertTokenizer _tokenizer = new();
        private readonly long[] _ids;
        private readonly long[] _mask;

        public FastBert(string folder, int limit)
        {
            using FileStream file = File.OpenRead(Path.Combine(folder, "tokenizer.json"));
            _tokenizer.LoadTokenizerJson(file);
            _ids = new long[limit];
            _mask = new long[limit];
        }

        public override void Encode(string text) => _tokenizer.Encode(text, _ids, _mask);

        public override IEnumerable<long> Tokens(string text) => _ids.Take(_tokenizer.Encode(text, _ids, _mask));
    }

    private sealed class MicrosoftMl(string folder, int limit) : TextTokenizer
    {
        private readonly Microsoft.ML.Tokenizers.BertTokenizer _tokenizer = Microsoft.ML.Tokenizers.BertTokenizer.Create(
            Path.Combine(folder, "vocab.txt"),
            new Microsoft.ML.Tokenizers.BertOptions { LowerCaseBeforeTokenization = true, RemoveNonSpacingMarks = true });

        public override void Encode(string text) => _tokenizer.EncodeToIds(text, limit, addSpecialTokens: true, out _, out _);

        public override IEnumerable<long> Tokens(string text) =>
            _tokenizer.EncodeToIds(text, limit, addSpecialTokens: true, out _, out _).Select(id => (long)id);
    }
}
