using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;

namespace Fts.Cli;

/// <summary>
/// What was typed after a subcommand. System.CommandLine splits words from options; values stay text until they are read here, so that a wrong one is
/// named in one line of ours, and so that no generic code over value types has to be compiled at start (measured: 5 ms with text, 12 ms without).
/// </summary>
internal sealed class CommandLine
{
    private readonly ParseResult _result;
    private readonly Command _command;
    private readonly Argument<string[]> _arguments;

    /// <summary>Reads the words after the subcommand's name.</summary>
    /// <exception cref="UserErrorException">An option that does not exist or lacks its value, or more words than <paramref name="usage"/> has places.</exception>
    public CommandLine(string name, string usage, int maxArguments, IReadOnlyList<string> args, params ReadOnlySpan<Option> options)
    {
        _arguments = new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore };
        var command = _command = new Command(name) { _arguments };
        foreach (Option option in options)
        {
            // Twice the same option is a mistake that would otherwise silently take one of them.
            command.Options.Add(option);
        }

        _result = command.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        // An option the parser does not know arrives among the words; a word that follows "--" is a word whatever it looks like.
        int separator = args.ToList().IndexOf("--");
        string[] beforeSeparator = [.. separator < 0 ? args : args.Take(separator)];
        foreach (string word in Arguments.Concat(_result.UnmatchedTokens))
        {
            if (word.StartsWith('-') && word.Length > 1 && beforeSeparator.Contains(word))
            {
                throw CreateUsageError($"unknown option {word}", SpellingSuggestion.FindNearest(word, command.Options.Select(option => option.Name)), usage);
            }
        }

        if (_result.Errors.Count > 0)
        {
            throw CreateUsageError(DescribeError(_result.Errors[0]), null, usage);
        }

        if (Arguments.Count > maxArguments)
        {
            throw CreateUsageError($"{Arguments[maxArguments]}: one word too many", null, usage);
        }
    }

    /// <summary>The words that are not options, in order.</summary>
    public IReadOnlyList<string> Arguments => _result.GetValue(_arguments) ?? [];

    /// <summary>
    /// The given options, each with its value; a switch has none. An option that was given several times appears as often.
    /// </summary>
    public IEnumerable<(string Name, string? Value)> SpecifiedOptions => _command.Options.SelectMany<Option, (string, string?)>(option =>
        _result.GetResult(option) is not { Implicit: false } given ? []
        : option is Option<bool> ? [(option.Name, null)]
        : given.Tokens.Select(token => (option.Name, (string?)token.Value)));

    /// <summary>An option's value, or null.</summary>
    public string? GetValue(Option<string> option) => _result.GetValue(option);

    /// <summary>The values of an option that may be given several times, in order.</summary>
    public IReadOnlyList<string> GetValues(Option<string[]> option) => _result.GetValue(option) ?? [];

    /// <summary>Whether a switch is there.</summary>
    public bool HasOption(Option<bool> option) => _result.GetResult(option) is { Implicit: false };

    /// <summary>An option's value, one of a few words; the first when it is not given.</summary>
    public string GetChoice(Option<string> option, params ReadOnlySpan<string> allowed)
    {
        string value = GetValue(option) ?? allowed[0];
        return allowed.Contains(value) ? value : throw CreateUsageError($"{option.Name} {value}: must be {string.Join(", ", allowed!)}");
    }

    /// <summary>The word at a place as an IP address to listen on.</summary>
    public IPAddress GetAddress(int index, IPAddress defaultValue)
    {
        if (index >= Arguments.Count)
        {
            return defaultValue;
        }

        // IPAddress.TryParse takes "1" for 0.0.0.1: a port typed in the address's place would go unnoticed.
        string word = Arguments[index];
        return IPAddress.TryParse(word, out IPAddress? address) && (word.Contains(':') || word.Count(c => c == '.') == 3)
            ? address
            : string.Equals(word, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : throw CreateUsageError($"'{word}' is not an IP address");
    }

    /// <summary>The word at a place as a port; 0 only where the system may choose one.</summary>
    public int GetPort(int index, int defaultValue, bool allowsZero) => index >= Arguments.Count ? defaultValue : ParsePort(Arguments[index], allowsZero);

    /// <summary>The word at a place as the debug switch, 0 or 1.</summary>
    public bool IsDebug(int index) => index < Arguments.Count && Arguments[index] switch
    {
        "0" => false,
        "1" => true,
        var word => throw CreateUsageError($"debug '{word}': must be 0 or 1"),
    };

    /// <summary>Reads a port.</summary>
    public static int ParsePort(string text, bool allowsZero) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= IPEndPoint.MaxPort && (port > 0 || allowsZero)
            ? port
            : throw CreateUsageError($"port '{text}': must be a number from {(allowsZero ? 0 : 1)} to {IPEndPoint.MaxPort}");

    /// <summary>A mistake on the command line, in one line.</summary>
    public static UserErrorException CreateUsageError(string message, string? suggestion = null, string? usage = null) =>
        new(ExitCode.UsageError, message + (suggestion is not null ? $"; did you mean {suggestion}?" : usage is not null ? $"; usage: {usage}" : ""));

    private static string DescribeError(ParseError error) =>
        error.SymbolResult is OptionResult { Tokens.Count: 0 } missing ? $"{missing.Option.Name} needs a value" :
        error.SymbolResult is OptionResult { Tokens.Count: > 1 } twice ? $"{twice.Option.Name} is given twice" :
        error.Message.TrimEnd('.');
}
