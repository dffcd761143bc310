#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Collections.Generic;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

/// <summary>Lines that run together.</summary>
internal sealed class LineBatch
{
    private readonly ModelRunner _runner;
    private readonly ModelCall _call;
    private readonly HttpContext _context;
    private readonly List<Line> _lines = [];
    private bool _mayDiffer;

    /// <param name="runner">Runs the rows.</param>
    /// <param name="call">Memory for them, which the caller has taken.</param>
    /// <param name="context">Of the request.</param>
    internal LineBatch(ModelRunner runner, ModelCall call, HttpContext context)
    {
        _runner = runner;
        _call = call;
        _context = context;
    }

    /// <summary>Reads the lines that have come, at most so many.</summary>
    internal void Fill(LineReader lines, int maxRows)
    {
        _call.End();
        _lines.Clear();
        _mayDiffer = false;
        while (_lines.Count < maxRows && lines.TryTake(out ReadOnlySequence<byte> text))
        {
            Problem? problem = lines.IsTooLong ? TooLong() : Read(text);

            // A row of text is refused behind rows of tokens, and the other way round; alone it need not be.
            _mayDiffer |= WebContract.TakesText && problem is not null && _call.Request.RowCount > 0;
            _lines.Add(new Line(lines.Number, text, lines.IsTooLong, problem));
        }
    }

    /// <summary>Runs them, and writes the answers in their order.</summary>
    internal async ValueTask RunAsync(LineWriter answers)
    {
        if (_mayDiffer || (_call.Request.RowCount > 0 && await TryRunAsync().ConfigureAwait(false) is not null))
        {
            await RunEachAsync(answers).ConfigureAwait(false);
            return;
        }

        int row = 0;
        foreach (Line line in _lines)
        {
            if (line.Problem is null)
            {
                Answer(answers, row++, line.Number);
            }
            else
            {
                answers.Refuse(line.Problem, line.Number);
            }
        }
    }

    /// <summary>Runs each line for itself, because one of them fails.</summary>
    private async ValueTask RunEachAsync(LineWriter answers)
    {
        foreach (Line line in _lines)
        {
            _call.End();
            Problem? problem = (line.IsTooLong ? TooLong() : Read(line.Text)) ?? await TryRunAsync().ConfigureAwait(false);
            if (problem is null)
            {
                Answer(answers, 0, line.Number);
            }
            else
            {
                answers.Refuse(problem, line.Number);
            }
        }
    }

    private void Answer(LineWriter answers, int row, long line)
    {
        try
        {
            answers.Answer(_call, row);
        }
        catch (TheModelException error) when (Problem.Of(error, _context) is not null)
        {
            // It has a class without a label; nothing of it is written.
            answers.Refuse(Problem.Of(error, _context)!, line);
        }
    }

    /// <summary>Appends the row of a line.</summary>
    /// <returns>Why it is refused; null where it is not.</returns>
    private Problem? Read(in ReadOnlySequence<byte> text)
    {
        try
        {
            RowsReader.ReadRow(text, _call.Request);
            return null;
        }
        catch (ArgumentException error) when (Problem.Of(error, _context) is not null)
        {
            return Problem.Of(error, _context);
        }
    }

    private static Problem TooLong()
    {
        return new Problem(StatusCodes.Status413PayloadTooLarge, "Expected a shorter line: its length is limited as that of a whole body with rows in JSON is.");
    }

    private async ValueTask<Problem?> TryRunAsync()
    {
        try
        {
            await _runner.RunStreamAsync(_call, _context).ConfigureAwait(false);
            return null;
        }
        catch (Exception error) when (error is not OperationCanceledException && Problem.Of(error, _context) is not null)
        {
            return Problem.Of(error, _context);
        }
    }

    private readonly record struct Line(long Number, ReadOnlySequence<byte> Text, bool IsTooLong, Problem? Problem);
}
