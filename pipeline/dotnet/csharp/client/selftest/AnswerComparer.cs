#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Linq;

/// <summary>
/// Compares an answer with PyTorch's, in the arithmetic of pipeline/compare/comparison.py (tests/dotnet/test_selftest_arithmetic.py compares both).
/// </summary>
internal static class AnswerComparer
{
    /// <summary>A number below the smallest normal one (of float32) may be flushed to zero.</summary>
    private const double Flushed = 1.1754943508222875e-38;

    internal static AnswerComparison Compare(GoldenTensor expected, GoldenTensor got, OutputPolicy policy)
    {
        string output = expected.Name;
        if (!string.Equals(expected.Dtype, got.Dtype, StringComparison.Ordinal))
        {
            return new AnswerComparison(output, "output '" + output + "': expected type " + expected.Dtype + ", got " + got.Dtype);
        }

        if (!expected.Shape.SequenceEqual(got.Shape))
        {
            return new AnswerComparison(output, "output '" + output + "': expected shape " + expected.DescribeShape() + ", got " + got.DescribeShape());
        }

        if (expected.Count == 0)
        {
            return new AnswerComparison(output, "output '" + output + "': shape " + expected.DescribeShape() + " has no values: nothing was compared");
        }

        return expected.IsText
            ? CompareTexts(expected, got, policy)
            : expected.IsFloating ? CompareNumbers(expected, got, policy) : CompareExactly(expected, got, policy);
    }

    /// <summary>One text's row of an answer, of one axis, whose cosine with PyTorch's must reach <paramref name="leastCosine"/> too.</summary>
    internal static AnswerComparison CompareTextRow(GoldenTensor expected, GoldenTensor got, OutputPolicy policy, double leastCosine)
    {
        AnswerComparison comparison = Compare(expected, got, policy);
        return comparison.Problem.Length == 0 && expected.IsFloating && Similarity.Cosine(expected.Numbers(), got.Numbers()) is { } cosine && cosine < leastCosine
            ? new AnswerComparison(comparison.Output, TooFar(comparison.Output, leastCosine, cosine), comparison.Values, comparison.Used, comparison.MaxAbs, policy.Exempt)
            : comparison;
    }

    private static AnswerComparison CompareTexts(GoldenTensor expected, GoldenTensor got, OutputPolicy policy)
    {
        string problem = string.Empty;
        for (int i = 0; i < expected.Count && problem.Length == 0; i++)
        {
            problem = string.Equals(expected.Texts[i], got.Texts[i], StringComparison.Ordinal) ? string.Empty : Describe(expected, got, i);
        }

        return new AnswerComparison(expected.Name, problem, expected.Count, exempt: policy.Exempt);
    }

    /// <summary>Integers and booleans, which must be equal.</summary>
    private static AnswerComparison CompareExactly(GoldenTensor expected, GoldenTensor got, OutputPolicy policy)
    {
        decimal largest = 0;
        int worst = 0;
        int differing = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            decimal difference = Math.Abs(got.Whole(i) - expected.Whole(i));
            differing += difference > 0 ? 1 : 0;
            if (difference > largest)
            {
                largest = difference;
                worst = i;
            }
        }

        string problem = differing == 0
            ? string.Empty
            : Describe(expected, got, worst) + string.Format(CultureInfo.InvariantCulture, " ({0:N0} of {1:N0} values differ)", differing, expected.Count);
        return new AnswerComparison(expected.Name, problem, expected.Count, maxAbs: (double)largest, exempt: policy.Exempt);
    }

    private static AnswerComparison CompareNumbers(GoldenTensor expected, GoldenTensor got, OutputPolicy policy)
    {
        double[] e = expected.Numbers();
        double[] g = got.Numbers();
        int special = Array.FindIndex(Enumerable.Range(0, e.Length).ToArray(), i => IsSpecial(e[i], g[i]));
        if (special >= 0)
        {
            return new AnswerComparison(expected.Name, Describe(expected, got, special), expected.Count, exempt: policy.Exempt);
        }

        Func<int, double> scales = policy.Scales(expected.Shape);
        double floor = policy.Floor + Flushed;
        double maxAbs = 0;
        double used = 0;
        double largestShare = 0;
        int worst = 0;
        for (int i = 0; i < e.Length; i++)
        {
            bool finite = Similarity.IsFinite(e[i]);
            double difference = finite ? Math.Abs(g[i] - e[i]) : 0;
            double magnitude = finite ? Math.Abs(e[i]) : 0;
            double scale = scales(i);
            double needed = Math.Max(difference - (policy.Rtol * magnitude) - floor, 0);

            // In units of atol; infinite where the scale is 0: then no atol passes.
            double share = scale > 0 ? needed / scale : needed > 0 ? double.PositiveInfinity : 0;
            maxAbs = Math.Max(maxAbs, difference);
            used = Math.Max(used, difference / Allowed(policy, scale, magnitude));
            if (!(share <= largestShare))
            {
                largestShare = share;
                worst = i;
            }
        }

        string problem = largestShare <= policy.Atol
            ? Unlike(expected.Name, e, g, expected.Shape, expected.Dtype, policy)
            : Describe(expected, got, worst) + "; allowed here " + Short(Allowed(policy, scales(worst), Math.Abs(e[worst])));
        return new AnswerComparison(expected.Name, problem, expected.Count, policy.AllowsDifference ? used : null, maxAbs, policy.Exempt);
    }

    /// <summary>Whether a NaN or an infinity stands on one side alone.</summary>
    private static bool IsSpecial(double expected, double got)
    {
        return double.IsNaN(expected) != double.IsNaN(got)
            || ((double.IsInfinity(expected) || double.IsInfinity(got)) && !expected.Equals(got));
    }

    private static double Allowed(OutputPolicy policy, double scale, double magnitude)
    {
        return (policy.Atol * scale) + policy.Floor + Flushed + (policy.Rtol * magnitude);
    }

    /// <summary>Which of the further conditions do not hold.</summary>
    private static string Unlike(string output, double[] expected, double[] got, long[] shape, string dtype, OutputPolicy policy)
    {
        string prefix = "output '" + output + "': expected ";
        if (policy.Cosine is { } least && Similarity.LeastCosine(expected, got, shape) is { } cosine && cosine < least)
        {
            return TooFar(output, least, cosine);
        }

        if (policy.Top1 is { } share && shape.Length > 0 && Similarity.Top1Agreement(expected, got, shape) is var agreement && agreement < share)
        {
            return prefix + "the largest value at the same index in a share of the rows of at least " + Short(share) + ", got " + Short(agreement);
        }

        if (policy.Ulp is { } units && Similarity.LargestUlp(expected, got, dtype) is var distance && distance > units)
        {
            return prefix + "at most " + Short(units) + " units in the last place, got " + Short(distance);
        }

        return string.Empty;
    }

    private static string TooFar(string output, double least, double cosine)
    {
        return "output '" + output + "': expected a cosine with PyTorch's answer of at least " + Short(least) + ", got " + cosine.ToString("F9", CultureInfo.InvariantCulture);
    }

    /// <summary>A place, as "output 'x', row 2, index [3]: expected 1, got 2".</summary>
    private static string Describe(GoldenTensor expected, GoldenTensor got, int index)
    {
        return "output '" + expected.Name + "'" + expected.Place(index) + ": expected " + expected.Describe(index) + ", got " + got.Describe(index);
    }

    private static string Short(double value)
    {
        return value.ToString("G6", CultureInfo.InvariantCulture);
    }
}
