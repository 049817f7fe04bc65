using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Fts.Serving.Configuration;

namespace Fts.Cli;

/// <summary>
/// The parsed arguments and options of a subcommand. System.CommandLine only separates arguments from options. This class converts their
/// text to values, so that all errors have one format.
/// </summary>
/// <remarks>
/// The options have text values, because options of value types need generic code that .NET would compile at the start (measured: 12 ms
/// instead of 5).
/// </remarks>
internal sealed class CommandLine
{
    private readonly ParseResult _result;
    private readonly Command _command;
    private readonly Argument<string[]> _arguments;
    private readonly IReadOnlyList<string> _argumentNames;
    private readonly ConfiguredSettings? _configured;
    private readonly IReadOnlyCollection<SettingMention> _excluded = [];

    /// <summary>Parses the arguments after the name of the subcommand.</summary>
    /// <exception cref="UserErrorException">
    /// An option is unknown, has no value or is given twice, or there are too many arguments.
    /// </exception>
    public CommandLine(SubcommandDefinition definition, IReadOnlyList<string> args)
    {
        _argumentNames = [.. definition.Page.Arguments.Select(argument => argument.Term)];
        _arguments = new Argument<string[]>("arguments") { Arity = ArgumentArity.ZeroOrMore };
        _command = new Command(definition.Name) { _arguments };
        foreach (Option option in definition.Options)
        {
            _command.Options.Add(option);
        }

        // The name of the subcommand comes first. Without the name, System.CommandLine would treat a first argument such as
        // [2001:db8::1] as a directive, and would drop a first argument that equals the name.
        var program = new Command("fts") { _command };
        _result = program.Parse(
            [definition.Name, .. args], new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        // System.CommandLine reports an unknown option as an argument. After "--", every word is an argument.
        int separator = args.ToList().IndexOf("--");
        string[] beforeSeparator = [.. separator < 0 ? args : args.Take(separator)];
        foreach (string word in Arguments.Concat(_result.UnmatchedTokens))
        {
            if (word.StartsWith('-') && word.Length > 1 && beforeSeparator.Contains(word))
            {
                if (OptionMeaning.Find(definition.Name, word, [.. _command.Options.Select(option => option.Name)]) is { } meaning)
                {
                    throw CreateUsageError($"unknown option {word.Split('=')[0]}; {meaning}");
                }

                string? suggestion = SpellingSuggestion.FindNearest(word, _command.Options.Select(option => option.Name));
                throw CreateUsageError($"unknown option {word}", suggestion, definition.Usage);
            }
        }

        if (_result.Errors.Count > 0)
        {
            throw CreateUsageError(DescribeError(_result.Errors[0]), null, definition.Usage);
        }

        if (Arguments.Count > definition.MaxArguments)
        {
            throw CreateUsageError($"unexpected argument '{Arguments[definition.MaxArguments]}'", null, definition.Usage);
        }
    }

    private CommandLine(CommandLine line, ConfiguredSettings? configured, IReadOnlyCollection<SettingMention> excluded)
    {
        (_result, _command, _arguments, _argumentNames) = (line._result, line._command, line._arguments, line._argumentNames);
        (_configured, _excluded) = (configured, excluded);
    }

    /// <summary>The arguments that are not options, in order.</summary>
    public IReadOnlyList<string> Arguments => _result.GetValue(_arguments) ?? [];

    /// <summary>
    /// The options on the command line, with their values. The value of a switch is null. A repeatable option is returned once for each
    /// value.
    /// </summary>
    public IEnumerable<(string Name, string? Value)> SpecifiedOptions => _command.Options.SelectMany<Option, (string, string?)>(option =>
        _result.GetResult(option) switch
        {
            not { Implicit: false } => [],
            _ when option is Option<bool> => [(option.Name, null)],
            { } result => result.Tokens.Select(token => (option.Name, (string?)token.Value)),
        });

    /// <summary>
    /// Returns this command line with settings for the options and arguments that it does not contain. Only the methods that return values
    /// use the settings; <see cref="Arguments"/> and <see cref="SpecifiedOptions"/> do not contain them.
    /// </summary>
    public CommandLine With(ConfiguredSettings configured) => new(this, configured, _excluded);

    /// <summary>
    /// Returns this command line without some settings: the methods that return values return the defaults. <see cref="Arguments"/> and
    /// <see cref="SpecifiedOptions"/> still contain them.
    /// </summary>
    public CommandLine Without(IReadOnlyCollection<SettingMention> settings) => new(this, _configured, [.. settings]);

    /// <summary>Returns whether the command line itself contains an argument such as <c>port</c> or an option.</summary>
    public bool IsSpecified(string name) => GetSpecifiedTexts(name) is not null;

    /// <summary>
    /// Returns the texts of an argument or an option on the command line itself, or null if the command line does not contain it. The text
    /// of a switch is <c>true</c> or <c>false</c>.
    /// </summary>
    public IReadOnlyList<string>? GetSpecifiedTexts(string name)
    {
        int index = _argumentNames.ToList().IndexOf(name);
        if (index >= 0)
        {
            return index < Arguments.Count ? [Arguments[index]] : null;
        }

        Option? option = _command.Options.FirstOrDefault(candidate => candidate.Name == name);
        if (option is null || !IsSpecified(option))
        {
            return null;
        }

        return option is Option<bool> onOff
            ? [HasOption(onOff) ? "true" : "false"]
            : [.. _result.GetResult(option)!.Tokens.Select(token => token.Value)];
    }

    /// <summary>
    /// Returns the error of a value in terms of its origin: the line of the configuration file or the variable. The message of an error of
    /// a value on the command line stays unchanged.
    /// </summary>
    public UserErrorException DescribeOrigin(UserErrorException error) =>
        error.Mentions.Count > 0 ? error : _configured?.Translate(error, GetSpecifiedTexts) ?? error;

    /// <summary>Returns the value of an option, or null if it is not given.</summary>
    public string? GetValue(Option<string> option) =>
        (_result.GetValue(option) ?? _configured?.GetValue(option.Name)?.Text) is { } text && !IsExcluded(option.Name, text) ? text : null;

    /// <summary>Returns the values of a repeatable option, in order.</summary>
    public IReadOnlyList<string> GetValues(Option<string[]> option)
    {
        IReadOnlyList<string> values = _configured is null || IsSpecified(option)
            ? _result.GetValue(option) ?? []
            : [.. _configured.GetValues(option.Name).Select(value => value.Text)];
        return _excluded.Count == 0 ? values : [.. values.Where(value => !IsExcluded(option.Name, value))];
    }

    /// <summary>Returns whether a switch is given. <c>--quiet=false</c> turns off a switch of the configuration file.</summary>
    public bool HasOption(Option<bool> option) => _result.GetResult(option) is { Implicit: false } result
        ? result.Tokens is not [{ Value: var value }] || !string.Equals(value, bool.FalseString, StringComparison.OrdinalIgnoreCase)
        : _configured?.GetValue(option.Name) is { Text: "true" } && !IsExcluded(option.Name, "true");

    /// <summary>Returns the value of a choice option, or its first choice if the option is not given.</summary>
    /// <exception cref="UserErrorException">The value is not one of the choices.</exception>
    public string GetChoice(ChoiceOption option)
    {
        string value = GetValue(option) ?? option.Choices[0].Value;
        string[] allowed = [.. option.Choices.Select(choice => choice.Value)];
        return allowed.Contains(value)
            ? value
            : throw CreateUsageError($"{option.Name} {value}: must be {string.Join(", ", allowed[..^1])} or {allowed[^1]}");
    }

    /// <summary>
    /// Returns the argument at an index as the IP address to listen on, or the default value if the argument is not given. The argument
    /// <c>localhost</c> means 127.0.0.1.
    /// </summary>
    /// <exception cref="UserErrorException">The argument is not an IP address and not <c>localhost</c>.</exception>
    public IPAddress GetAddress(int index, IPAddress defaultValue)
    {
        if (FindArgument(index) is not { } word)
        {
            return defaultValue;
        }

        // IPAddress.TryParse reads "1" as 0.0.0.1. The dots are counted, so that a port in place of the address is an error.
        if (IPAddress.TryParse(word, out IPAddress? address) && (word.Contains(':') || word.Count(c => c == '.') == 3))
        {
            return address;
        }

        return string.Equals(word, "localhost", StringComparison.OrdinalIgnoreCase)
            ? IPAddress.Loopback
            : throw CreateArgumentError(index, $"'{word}' is not an IP address", "must be an IP address");
    }

    /// <summary>
    /// Returns the argument at an index as a port, or the default value if the argument is not given. Port 0, if allowed, means any free
    /// port.
    /// </summary>
    /// <exception cref="UserErrorException">The argument is not a port.</exception>
    public int GetPort(int index, int defaultValue, bool allowsZero)
    {
        if (FindArgument(index) is not { } word)
        {
            return defaultValue;
        }

        return TryParsePort(word, allowsZero, out int port)
            ? port
            : throw CreateArgumentError(index, $"port '{word}': {DescribePorts(allowsZero)}", DescribePorts(allowsZero));
    }

    /// <summary>Returns whether the argument at an index is 1. A missing argument counts as 0.</summary>
    /// <exception cref="UserErrorException">The argument is neither 0 nor 1.</exception>
    public bool IsDebug(int index) => FindArgument(index) switch
    {
        null or "0" => false,
        "1" => true,
        var word => throw CreateArgumentError(index, $"debug '{word}': must be 0 or 1", "must be 0 or 1"),
    };

    /// <summary>Parses a port number.</summary>
    /// <param name="text">The text.</param>
    /// <param name="allowsZero">Whether port 0 is allowed.</param>
    /// <param name="option">The name of the option, for the error; null if the port is not the value of an option.</param>
    /// <exception cref="UserErrorException">The text is not a port.</exception>
    public static int ParsePort(string text, bool allowsZero, string? option = null) => TryParsePort(text, allowsZero, out int port)
        ? port
        : throw CreateUsageError(
            (option is null ? $"port '{text}': " : $"{option} {text}: ") + DescribePorts(allowsZero));

    /// <summary>
    /// Returns the exception for a usage error. The suggested word, or else the usage, follows the message on the same line.
    /// </summary>
    public static UserErrorException CreateUsageError(string message, string? suggestion = null, string? usage = null)
    {
        string hint = usage is null ? "" : $"; usage: {usage}";
        return new UserErrorException(ExitCode.UsageError, message + (suggestion is null ? hint : $"; did you mean {suggestion}?"));
    }

    private bool IsSpecified(Option option) => _result.GetResult(option) is { Implicit: false };

    /// <summary>Returns the argument at an index, or else its configured value, or null if there is none.</summary>
    private string? FindArgument(int index) =>
        (index < Arguments.Count ? Arguments[index] : _configured?.GetValue(_argumentNames[index])?.Text) is { } text
            && !IsExcluded(_argumentNames[index], text) ? text : null;

    private bool IsExcluded(string name, string text) =>
        _excluded.Any(excluded => excluded.Name == name && (excluded.Text is null || excluded.Text == text));

    /// <summary>Returns the error of an argument. The requirement is the message if the value is configured.</summary>
    private UserErrorException CreateArgumentError(int index, string message, string requirement) => index < Arguments.Count
        ? new UserErrorException(new UserError(ExitCode.UsageError, message))
        {
            Mentions = [new SettingMention(_argumentNames[index], Arguments[index], SettingOrigin.CommandLine)],
        }
        : _configured!.CreateError(_argumentNames[index], requirement);

    private static bool TryParsePort(string text, bool allowsZero, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort
            && (port > 0 || allowsZero);

    private static string DescribePorts(bool allowsZero) => $"must be a number from {(allowsZero ? 0 : 1)} to {IPEndPoint.MaxPort}";

    /// <summary>Returns the message for an error of System.CommandLine.</summary>
    private static string DescribeError(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0 } result => $"{result.Option.Name} needs a value",
        OptionResult { Tokens.Count: > 1 } result => $"{result.Option.Name} is given twice",
        _ => error.Message.TrimEnd('.'),
    };
}
