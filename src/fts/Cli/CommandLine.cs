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
    private readonly Argument<string[]> _words;

    /// <summary>Reads the words after the subcommand's name.</summary>
    /// <exception cref="FailureException">An option that does not exist or lacks its value, or more words than <paramref name="usage"/> has places.</exception>
    public CommandLine(string name, string usage, int maxWords, IReadOnlyList<string> args, params ReadOnlySpan<Option> options)
    {
        _words = new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore };
        var command = _command = new Command(name) { _words };
        foreach (Option option in options)
        {
            // Twice the same option is a mistake that would otherwise silently take one of them.
            command.Options.Add(option);
        }

        _result = command.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        // An option the parser does not know arrives among the words; a word that follows "--" is a word whatever it looks like.
        int separator = args.ToList().IndexOf("--");
        string[] beforeSeparator = [.. separator < 0 ? args : args.Take(separator)];
        foreach (string word in Words.Concat(_result.UnmatchedTokens))
        {
            if (word.StartsWith('-') && word.Length > 1 && beforeSeparator.Contains(word))
            {
                throw Usage($"unknown option {word}", Suggestion.For(word, command.Options.Select(option => option.Name)), usage);
            }
        }

        if (_result.Errors.Count > 0)
        {
            throw Usage(Describe(_result.Errors[0]), null, usage);
        }

        if (Words.Count > maxWords)
        {
            throw Usage($"{Words[maxWords]}: one word too many", null, usage);
        }
    }

    /// <summary>The words that are not options, in order.</summary>
    public IReadOnlyList<string> Words => _result.GetValue(_words) ?? [];

    /// <summary>
    /// The given options, each with its value; a switch has none. An option that was given several times appears as often.
    /// </summary>
    public IEnumerable<(string Name, string? Value)> Given => _command.Options.SelectMany<Option, (string, string?)>(option =>
        _result.GetResult(option) is not { Implicit: false } given ? []
        : option is Option<bool> ? [(option.Name, null)]
        : given.Tokens.Select(token => (option.Name, (string?)token.Value)));

    /// <summary>An option's value, or null.</summary>
    public string? Value(Option<string> option) => _result.GetValue(option);

    /// <summary>The values of an option that may be given several times, in order.</summary>
    public IReadOnlyList<string> Values(Option<string[]> option) => _result.GetValue(option) ?? [];

    /// <summary>Whether a switch is there.</summary>
    public bool Has(Option<bool> option) => _result.GetResult(option) is { Implicit: false };

    /// <summary>An option's value, one of a few words; the first when it is not given.</summary>
    public string OneOf(Option<string> option, params ReadOnlySpan<string> allowed)
    {
        string value = Value(option) ?? allowed[0];
        return allowed.Contains(value) ? value : throw Usage($"{option.Name} {value}: must be {string.Join(", ", allowed!)}");
    }

    /// <summary>The word at a place as an IP address to listen on.</summary>
    public IPAddress Address(int index, IPAddress otherwise)
    {
        if (index >= Words.Count)
        {
            return otherwise;
        }

        // IPAddress.TryParse takes "1" for 0.0.0.1: a port typed in the address's place would go unnoticed.
        string word = Words[index];
        return IPAddress.TryParse(word, out IPAddress? address) && (word.Contains(':') || word.Count(c => c == '.') == 3)
            ? address
            : string.Equals(word, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : throw Usage($"'{word}' is not an IP address");
    }

    /// <summary>The word at a place as a port; 0 only where the system may choose one.</summary>
    public int Port(int index, int otherwise, bool zeroAllowed) => index >= Words.Count ? otherwise : ParsePort(Words[index], zeroAllowed);

    /// <summary>The word at a place as the debug switch, 0 or 1.</summary>
    public bool Debug(int index) => index < Words.Count && Words[index] switch
    {
        "0" => false,
        "1" => true,
        var word => throw Usage($"debug '{word}': must be 0 or 1"),
    };

    /// <summary>Reads a port.</summary>
    public static int ParsePort(string text, bool zeroAllowed) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= IPEndPoint.MaxPort && (port > 0 || zeroAllowed)
            ? port
            : throw Usage($"port '{text}': must be a number from {(zeroAllowed ? 0 : 1)} to {IPEndPoint.MaxPort}");

    /// <summary>A mistake on the command line, in one line.</summary>
    public static FailureException Usage(string what, string? suggestion = null, string? usage = null) =>
        new(ExitCode.Usage, what + (suggestion is not null ? $"; did you mean {suggestion}?" : usage is not null ? $"; usage: {usage}" : ""));

    private static string Describe(ParseError error) =>
        error.SymbolResult is OptionResult { Tokens.Count: 0 } missing ? $"{missing.Option.Name} needs a value" :
        error.SymbolResult is OptionResult { Tokens.Count: > 1 } twice ? $"{twice.Option.Name} is given twice" :
        error.Message.TrimEnd('.');
}
