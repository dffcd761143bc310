// Token ids of texts, by WordPiece tokenizers in folders: in each, vocab.txt, characters.txt, settings.json, and texts.txt, a JSON string a
// line; tokens.txt is written, the ids of a text a line.
using System.Text.Json;
using TheNamespace.TheModelEngine;

foreach (string folder in args)
{
    using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "settings.json")));
    JsonElement said = json.RootElement;
    var settings = new WordPieceSettings(
        [File.ReadAllText(Path.Combine(folder, "characters.txt")).Trim().Replace('\n', ' ')],
        [.. said.GetProperty("special").EnumerateObject().Select(token => KeyValuePair.Create(token.Name, token.Value.GetInt64()))],
        Numbers(said.GetProperty("before")),
        Numbers(said.GetProperty("after")))
    {
        Unknown = said.GetProperty("unknown").GetString()!,
        Prefix = said.GetProperty("prefix").GetString()!,
        LongestWord = said.GetProperty("longest_word").GetInt32(),
        MaxLength = said.GetProperty("max_length").GetInt32(),
        VocabularySize = said.GetProperty("vocabulary_size").GetInt32(),
    };
    var tokenizer = new WordPieceTokenizer(settings, File.ReadAllBytes(Path.Combine(folder, "vocab.txt")), "vocab.txt");
    File.WriteAllLines(
        Path.Combine(folder, "tokens.txt"),
        File.ReadLines(Path.Combine(folder, "texts.txt"))
            .Select(line => string.Join(' ', tokenizer.Encode(JsonSerializer.Deserialize<string>(line)!, "text"))));
}

static long[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt64())];
