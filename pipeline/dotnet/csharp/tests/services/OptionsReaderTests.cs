namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class OptionsReaderTests
{
    [Theory]
    [InlineData("Provider", "CUDA, CPU", "CUDA, CPU")]
    [InlineData("ModelPath", "models/a.onnx", "models/a.onnx")]
    [InlineData("UseGlobalThreadPool", "true", true)]
    [InlineData("intraopnumthreads", " 3 ", 3)]
    [InlineData("ValidateInputs", "true", true)]
    [InlineData("RejectWhenFull", "True", true)]
    [InlineData("RunOnCallingThread", "true", true)]
    [InlineData("WarmUp", "false", false)]
    [InlineData("MaxConcurrency", "7", 7)]
    [InlineData("MaxBatchSize", "7", 7)]
    [InlineData("MaxQueue", "7", 7)]
    [InlineData("SelfTest", "onLoad", TheModelSelfTest.OnLoad)]
    public void An_option_is_read_by_its_name(string name, string value, object expected)
    {
        TheModelOptions options = Bind((name, value));
        Assert.Equal(expected, Property(name).GetValue(options));
    }

    [Fact]
    public void A_time_is_read()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(5), Bind(("MaxDelay", "00:00:00.005")).MaxDelay);
    }

    [Fact]
    public void Every_option_can_be_configured_but_what_is_code()
    {
        foreach (PropertyInfo property in typeof(TheModelOptions).GetProperties())
        {
            string sentence = Assert.Single(Refused((property.Name, "<no value>")).DefaultIfEmpty(string.Empty));
            Assert.Equal(typeof(Delegate).IsAssignableFrom(property.PropertyType), sentence.Contains("expected the name of an option", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Options_that_the_section_lacks_keep_their_values()
    {
        var options = new TheModelOptions { MaxQueue = 5 };
        OptionsReader.Bind(Section(("MaxBatchSize", "2"), ("MaxDelay", null)), string.Empty, options, []);
        Assert.Equal((5, 2, TimeSpan.Zero), (options.MaxQueue, options.MaxBatchSize, options.MaxDelay));
    }

    [Theory]
    [InlineData("MaxQueue", "many", "Model:MaxQueue: expected a whole number, got \"many\".")]
    [InlineData("MaxQueue", "", "Model:MaxQueue: expected a whole number, got \"\".")]
    [InlineData("MaxQueue", "1,5", "Model:MaxQueue: expected a whole number, got \"1,5\".")]
    [InlineData("WarmUp", "yes", "Model:WarmUp: expected true or false, got \"yes\".")]
    [InlineData("MaxDelay", "5", "Model:MaxDelay: expected a time such as 00:00:00.005, got \"5\".")]
    [InlineData("MaxDelay", "5 ms", "Model:MaxDelay: expected a time such as 00:00:00.005, got \"5 ms\".")]
    [InlineData("SelfTest", "1", "Model:SelfTest: expected one of Never, OnLoad, OnFirstUse, got \"1\".")]
    [InlineData("MaxQueu", "1", "Model:MaxQueu: expected the name of an option, got \"MaxQueu\": did you mean MaxQueue?")]
    [InlineData("Provider:0", "CUDA", "Model:Provider: expected a text, got a list or a section: write one value.")]
    public void What_is_no_option_is_refused_in_a_sentence(string name, string value, string sentence)
    {
        Assert.Equal(sentence, Assert.Single(Refused((name, value))));
    }

    [Fact]
    public void A_name_like_no_other_is_refused_with_all_there_are()
    {
        string sentence = Assert.Single(Refused(("Colour", "red")));
        Assert.Contains("take one of IntraOpNumThreads, ModelPath, UseGlobalThreadPool, Provider, ", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said()
    {
        Assert.Equal(2, Refused(("MaxQueue", "many"), ("MaxQueu", "1")).Count());
    }

    [Fact]
    public void A_value_in_place_of_the_section_is_refused()
    {
        IConfiguration section = new ConfigurationBuilder().AddInMemoryCollection([new("Model", "CUDA")]).Build().GetSection("Model");
        var error = Assert.Throws<OptionsValidationException>(() => OptionsReader.Bind(section, string.Empty, new TheModelOptions(), []));
        Assert.Equal("Model: expected a section with options of TheModelOptions, got the value \"CUDA\".", error.Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Model": {}}""")]
    [InlineData("""{"Model": null}""")]
    [InlineData("""{"Model": {"MaxQueue": null}}""")]
    public void What_the_configuration_leaves_out_is_the_default(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        var options = new TheModelOptions();
        OptionsReader.Bind(new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Model"), string.Empty, options, []);
        Assert.Equal(1024, options.MaxQueue);
    }

    [Fact]
    public void A_whole_configuration_in_place_of_the_section_is_refused_in_one_sentence()
    {
        IConfiguration whole = new ConfigurationBuilder().AddInMemoryCollection([new("Logging", "x"), new("Path", "y")]).Build();
        var error = Assert.Throws<OptionsValidationException>(() => OptionsReader.Bind(whole, string.Empty, new TheModelOptions(), []));
        Assert.Contains("give AddTheModel a section, such as configuration.GetSection(\"TheModel\")", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_may_be_left_out()
    {
        Assert.Null(new OptionsReader(Section()).OptionalText("VocabularyPath", null));
        Assert.Equal("vocab.txt", new OptionsReader(Section(("VocabularyPath", "vocab.txt"))).OptionalText("VocabularyPath", null));
    }

    [Fact]
    public void The_culture_of_the_thread_changes_nothing()
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        var negative = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        negative.NumberFormat.NegativeSign = "~";
        negative.DateTimeFormat.TimeSeparator = ".";
        try
        {
            CultureInfo.CurrentCulture = negative;
            Assert.Equal(-1, Bind(("MaxQueue", "-1")).MaxQueue);
            Assert.Equal(TimeSpan.FromSeconds(1.5), Bind(("MaxDelay", "00:00:01.5")).MaxDelay);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    private static PropertyInfo Property(string name)
    {
        return typeof(TheModelOptions).GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)!;
    }

    private static IConfiguration Section(params (string Name, string? Value)[] entries)
    {
        return new ConfigurationBuilder()
            .AddInMemoryCollection(entries.Select(entry => new KeyValuePair<string, string?>("Model:" + entry.Name, entry.Value)))
            .Build()
            .GetSection("Model");
    }

    private static TheModelOptions Bind(params (string Name, string? Value)[] entries)
    {
        var options = new TheModelOptions();
        OptionsReader.Bind(Section(entries), string.Empty, options, []);
        return options;
    }

    private static IEnumerable<string> Refused(params (string Name, string? Value)[] entries)
    {
        try
        {
            Bind(entries);
            return [];
        }
        catch (OptionsValidationException error)
        {
            return error.Failures;
        }
    }
}
